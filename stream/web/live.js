// The live room: one socket for words, one WHEP session for picture and sound. Everything from outside is set as text.
import { connect } from "./whep.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const room = decodeURIComponent(location.pathname.split("/").filter(Boolean).pop());

const WORDS = {
  zh: { room: "直播间", picture: "直播画面", unmute: "点按开声", mute: "静音", sound: "开声", like: "点赞", full: "全屏", share: "分享直播间",
    talk: "评论与私聊", comments: "评论", answering: "正在回答", quick: "常问的问题", shelf: "橱窗", askLabel: "向主播提问", ask: "问主播，会当面答您",
    send: "发送", chat: "私聊掌柜", peek: "只有您和店家看得到，报价、留电话都在这里", now: "讲解中", want: "我想要", consult: "咨询", close: "关闭",
    live: "直播中", paused: "主播休息中", stopped: "已下播", joining: "连接中", viewers: n => `${n} 人在看`, count: n => `${n} 条`, items: n => `${n} 件`,
    left: n => `余 ${n} 件`, until: d => `活动到 ${d}`, saving: s => `直降 ¥${s}`, ends: "距结束", queued: "排队中", answered: "已回答", now2: "回答中",
    hidden: "已隐藏", explain: "求讲解", explainAsk: name => `讲讲${name}`, wantAsk: name => `我想要${name}`, recon: "正在重连", full2: "人满了，正在排队", attempt: n => `第 ${n} 次`, off: "已下播", off2: "开播后自动接上", sending: "发送中",
    copied: "链接已复制", saved: "联系方式已交给店家，没有公开显示", wait: s => `说得有点快，${s} 秒后自动发出`, me: "我", others: n => `等 ${n} 人` },
  en: { room: "Live room", picture: "Live picture", unmute: "Tap for sound", mute: "Mute", sound: "Sound on", like: "Like", full: "Full screen", share: "Share",
    talk: "Comments and chat", comments: "Comments", answering: "Answering", quick: "Common questions", shelf: "Shelf", askLabel: "Ask the host", ask: "Ask the host live",
    send: "Send", chat: "Private chat", peek: "Only you and the shop can see it", now: "Now", want: "I want it", consult: "Ask", close: "Close",
    live: "Live", paused: "Host is resting", stopped: "Off air", joining: "Connecting", viewers: n => `${n} watching`, count: n => `${n}`, items: n => `${n} items`,
    left: n => `${n} left`, until: d => `Until ${d}`, saving: s => `¥${s} off`, ends: "Ends in", queued: "Queued", answered: "Answered", now2: "Answering",
    hidden: "Hidden", explain: "Show it", explainAsk: name => `讲讲${name}`, wantAsk: name => `我想要${name}`, recon: "Reconnecting", full2: "Full, waiting", attempt: n => `try ${n}`, off: "Off air", off2: "joins by itself when it begins", sending: "Sending",
    copied: "Link copied", saved: "Your contact went to the shop, it is not shown", wait: s => `A little fast: it goes out in ${s} s`, me: "Me", others: n => `and ${n - 1} more` },
};
let lang = new URLSearchParams(location.search).get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en");
if (!WORDS[lang]) lang = "zh";
const t = (key, ...args) => { const word = WORDS[lang][key]; return typeof word === "function" ? word(...args) : word; };

function translate() {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  for (const node of $$("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of $$("[data-i18n-label]")) node.setAttribute("aria-label", t(node.dataset.i18nLabel));
  for (const node of $$("[data-i18n-placeholder]")) node.placeholder = t(node.dataset.i18nPlaceholder);
  for (const node of $$("[data-i18n-title]")) node.title = t(node.dataset.i18nTitle);
  showQuick(); showState(); showShelf(); showNow(); muteLook(); showLine();
}

const element = (tag, className, ...children) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
};
const icon = (name, size = "xs") => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${size}`); svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`); svg.append(use);
  return svg;
};
const bars = () => { const eq = element("span", "eq", element("i"), element("i"), element("i")); eq.setAttribute("aria-hidden", "true"); return eq; };
const priceOf = (price) => { const node = element("span", "price", element("small", "", "¥"), price); return node; };
const picture = (source, name) => {
  if (!source) { const tile = element("span", "tile", name.slice(0, 1)); tile.setAttribute("aria-hidden", "true"); tile.dataset.tone = name.charCodeAt(0) % 4; return tile; }
  const image = element("img"); image.alt = ""; image.loading = "lazy"; image.src = source; return image;
};

// ---- state ------------------------------------------------------------------------------------------------------
const view = { shop: "", state: "joining", viewers: 0, likes: 0, product: null, products: [], questions: [], comments: new Map(), merchant: "", seq: 0, count: 0, token: kept() };

// Who comes back over a reload or a broken line is the same visitor to the room; where storage is refused, for this page's life.
function kept(token) {
  try { if (token) sessionStorage.setItem(`zg-room:${room}`, token); return sessionStorage.getItem(`zg-room:${room}`); } catch { return token; }
}

// The shop's own questions are asked in its language; who reads English sees beside them what they are about.
const GISTS = [[/发票/, "Invoice?"], [/保修|质保/, "Warranty?"], [/退|换货/, "Returns?"], [/包邮|运费/, "Free delivery?"], [/安装/, "Fitting?"], [/现货|有货/, "In stock?"],
  [/几天|多久到|发货/, "How soon?"], [/拆洗|机洗|清洗|保养/, "Care?"], [/甲醛|环保/, "Is it safe?"], [/什么价|多少钱|价格/, "How much?"], [/优惠|便宜|打折/, "Any discount?"], [/尺寸|多大/, "What size?"], [/门店|看样|地址/, "Where to see it?"]];
function showQuick() {
  $(".quick").replaceChildren(...view.questions.map(text => {
    const gist = lang === "en" && GISTS.find(([words]) => words.test(text))?.[1];
    const chip = element("button", "chip", gist ? `${text}（${gist}）` : text);
    chip.type = "button"; chip.addEventListener("click", () => comment(text)); return chip;
  }));
}

function showState() {
  document.body.dataset.live = view.state;
  $("[data-shop]").textContent = view.shop || t("room");
  $("[data-onair]").textContent = t(view.state);
  $("[data-viewers]").textContent = view.viewers && view.state !== "stopped" ? ` · ${t("viewers", view.viewers)}` : "";
  for (const node of $$("[data-likes]")) { node.hidden = !view.likes; node.textContent = view.likes >= 10000 ? `${(view.likes / 10000).toFixed(1)}万` : view.likes; }
  $("[data-count]").textContent = view.count ? t("count", view.count) : "";
}

function showNow() {
  const card = $(".now"), product = view.product;
  card.hidden = !product;
  if (!product) return;
  $(".now-pic > :first-child").replaceWith(picture(product.picture, product.name));
  $("h2", card).textContent = $("h2", card).title = product.name;
  $(".now-price .price").replaceChildren(element("small", "", "¥"), product.price);
  $(".was", card).textContent = product.was ? `¥${product.was}` : "";
  const saving = $("[data-saving]"); saving.hidden = !product.saving; saving.textContent = product.saving ? t("saving", product.saving) : "";
  $(".stock", card).textContent = product.stock === null ? "" : t("left", product.stock);
  tick();
}

// A countdown stands only where a record gives an end; far ends are told as a date.
function tick() {
  const node = $(".now .countdown"), until = view.product?.promotion?.until;
  const left = until ? Math.floor((new Date(until) - Date.now()) / 1000) : -1;
  node.hidden = left < 0;
  $(".now-meta").classList.toggle("far", left > 72 * 3600);
  if (left < 0) return;
  if (left > 72 * 3600) { node.replaceChildren(icon("clock"), t("until", until.slice(0, 10))); return; }
  const two = n => String(n).padStart(2, "0");
  node.replaceChildren(icon("clock"), element("b", "", two(Math.floor(left / 3600))), ":", element("b", "", two(Math.floor(left / 60) % 60)), ":", element("b", "", two(left % 60)));
}
setInterval(tick, 1000);

function showShelf() {
  $("[data-shelf-total]").textContent = t("items", view.products.length);
  const badge = $("[data-shelf-count]"); badge.hidden = !view.products.length; badge.textContent = view.products.length;
  $("#shelf ul").replaceChildren(...view.products.map(product => {
    const on = view.product && product.sku === view.product.sku;
    const row = element("p", "row", priceOf(product.price), product.was ? element("s", "was", `¥${product.was}`) : null);
    const side = element("span", "side");
    if (on) side.append(element("span", "tag speaking", bars(), t("now")));
    else {
      const ask = element("button", "btn sm", t("explain"));
      ask.type = "button"; ask.addEventListener("click", () => { comment(t("explainAsk", product.name)); open(null); });
      side.append(ask);
    }
    const sub = [product.subtitle, product.stock === null ? "" : t("left", product.stock)].filter(Boolean).join(" · ");
    const item = element("li", on ? "on" : "", picture(product.picture, product.name), element("div", "", element("h3", "", product.name), element("p", "sub", sub), row), side);
    return item;
  }));
}

function showComment(message) {
  const old = view.comments.get(message.id);
  const said = { ...old, ...message };
  const node = old?.node || element("li");
  node.replaceChildren(element("b", "", said.mine ? t("me") : said.name), element("span", "", said.text));
  node.className = [said.mine ? "me" : "", said.state === "answering" ? "asked" : "", said.state === "answered" ? "done" : ""].join(" ").trim();
  if (said.masked) node.append(element("span", "tag lock", icon("lock"), t("hidden")));
  if (said.state === "queued" && said.mine && !said.masked) node.append(element("span", "tag lock", icon("clock"), t("queued")));
  if (said.state === "answering") node.append(element("span", "tag speaking", bars(), t("now2")));
  if (said.state === "answered") {
    node.append(element("span", "tag jade", icon("check"), t("answered")));
    if (said.answer) { const answer = element("p", "ans", said.answer); answer.dataset.desktop = ""; node.append(answer); }
  }
  const flow = $(".flow"), atEnd = flow.scrollHeight - flow.scrollTop - flow.clientHeight < 60;
  if (!old) { view.count += 1; $(".flow ol").insertBefore(node, $(".flow .unsent")); }
  view.comments.set(message.id, { ...said, node });
  if (view.comments.size > 120) { const [first, gone] = view.comments.entries().next().value; gone.node.remove(); view.comments.delete(first); }
  if (atEnd) flow.scrollTop = flow.scrollHeight;
  const answering = [...view.comments.values()].filter(c => c.state === "answering").pop();
  $(".answering").hidden = !answering;
  if (answering) { $("[data-who]").textContent = answering.asked_by > 1 ? `${answering.name} ${t("others", answering.asked_by)}` : answering.name; $("[data-q]").textContent = answering.text; }
  showState();
}

// A caption is the clause being heard, stamped by the room's clock; the rest of its sentence follows dimmed.
let captionTimer = 0;
function showCaption({ text, at_ms, until_ms, line }) {
  const box = $(".caption");
  clearTimeout(captionTimer);
  if (!text) { captionTimer = setTimeout(() => { box.hidden = true; }, 500); return; }
  const at = (line || "").indexOf(text);
  const rest = at < 0 ? "" : (line.slice(at + text.length).match(/[^，。！？；,!?;、：]{2,18}[^，。！？；,!?;、：]?/) || [""])[0];
  $("p", box).replaceChildren(element("span", "", element("mark", "", text)), rest ? element("span", "", rest) : "");
  box.hidden = false;
  captionTimer = setTimeout(() => { box.hidden = true; }, Math.max(4000, until_ms - at_ms + 1500));
}

// ---- words ------------------------------------------------------------------------------------------------------
let socket = null, tries = 0, pending = new Map();
const send = frame => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame)); };

function note(text) {
  const node = $(".asknote"); node.textContent = text; node.hidden = !text;
  clearTimeout(note.timer); note.timer = setTimeout(() => { node.hidden = true; }, 4000);
}

// What was said here stands at the end of the comments until the room has it, whatever the line does meanwhile.
function comment(text) {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
  const node = element("li", "me unsent", element("b", "", t("me")), element("span", "", text), element("span", "tag lock", icon("clock"), t("sending")));
  const flow = $(".flow");
  pending.set(id, { text, node }); $("ol", flow).append(node); flow.scrollTop = flow.scrollHeight;
  deliver(id);
}
const deliver = id => pending.has(id) && send({ type: "comment", client_id: id, text: pending.get(id).text });
function settle(id) {
  const said = pending.get(id);
  said?.node.remove(); pending.delete(id);
  return said;
}

function refused({ code, client_id, retry_after_ms, message }) {
  if (code === "no_room") { view.state = "stopped"; showState(); showLine(); return; }
  if (retry_after_ms) setTimeout(deliver, retry_after_ms + 50, client_id);
  else { const said = settle(client_id), input = $(".askbox input"); input.value ||= said?.text || ""; }
  note(retry_after_ms ? t("wait", Math.ceil(retry_after_ms / 1000)) : message);
}

function take(message) {
  if (message.seq) view.seq = Math.max(view.seq, message.seq);
  if (message.type === "welcome") {
    const off = view.state === "stopped";
    tries = 0; Object.assign(view, { token: kept(message.token), shop: message.shop, merchant: message.merchant, product: message.product, products: message.products, ...message.state });
    document.title = `${view.shop} · ${t("room")}`;
    view.questions = message.questions;
    showQuick(); showState(); showShelf(); showNow(); showLine();
    if (off) player.retry();
    for (const id of pending.keys()) deliver(id);
  } else if (message.type === "comment") {
    const mine = Boolean(settle(message.client_id)) || view.comments.get(message.id)?.mine || false;
    if (mine && message.masked) note(t("saved"));
    showComment({ ...message, mine });
  } else if (message.type === "caption") showCaption(message);
  else if (message.type === "product") { view.product = message.product; showNow(); showShelf(); }
  else if (message.type === "state") { Object.assign(view, { state: message.state, viewers: message.viewers, likes: message.likes }); showState(); showLine(); }
  else if (message.type === "lead_form") open("chat");
  else if (message.type === "rejoin") move(message.within_ms);
  else if (message.type === "error") refused(message);
}

function connectSocket() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/rooms/${encodeURIComponent(room)}`);
  socket.onopen = () => send({ type: "hello", protocol: 1, locale: lang, ...(view.token ? { token: view.token } : {}), ...(view.seq ? { after_seq: view.seq } : {}) });
  socket.onmessage = event => take(JSON.parse(event.data));
  socket.onclose = () => { player.check(); tries += 1; setTimeout(connectSocket, Math.min(8000, 300 * 2 ** Math.min(tries, 5)) * (0.7 + Math.random() * 0.6)); };
}
setInterval(() => send({ type: "ping" }), 20000);

// The server hands over to the next one: join that while the old picture still runs, everybody at a moment of his own.
function move(within) {
  const old = socket;
  setTimeout(() => { player.rejoin(); tries = 0; old.close(); }, Math.random() * within);
}

// ---- picture and sound ------------------------------------------------------------------------------------------
const video = $(".video"), recon = $(".recon");
function muteLook() {
  const button = $("[data-mute]");
  button.setAttribute("aria-pressed", String(video.muted)); button.setAttribute("aria-label", t(video.muted ? "sound" : "mute"));
  $("use", button).setAttribute("href", video.muted ? "#i-mute" : "#i-volume");
  $(".unmute").hidden = !video.muted || document.body.dataset.state !== "playing";
}
const setMuted = muted => { video.muted = muted; video.play().catch(() => { video.muted = true; }).finally(muteLook); };
video.addEventListener("playing", () => {
  $(".still").hidden = true;
  document.body.dataset.state = "playing"; showLine(); muteLook();
  const ambient = $(".ambient");
  if (ambient.srcObject !== video.srcObject && desktop.matches && video.srcObject) { ambient.srcObject = new MediaStream(video.srcObject.getVideoTracks()); ambient.play().catch(() => {}); }
});
// One pill says why there is no picture, or only the last one.
const line = { state: "", tries: 0 };
function showLine() {
  const off = view.state === "stopped", lost = ["reconnecting", "full", "ended"].includes(line.state);
  recon.hidden = !off && !lost;
  if (recon.hidden) {
    // The picture may have come before the words that the room is on air again.
    if (document.body.dataset.state === "recon" && line.state === "live") { document.body.dataset.state = "playing"; muteLook(); }
    return;
  }
  document.body.dataset.state = "recon"; muteLook();
  $(".spin", recon).hidden = off;
  $("b", recon).textContent = t(off ? "off" : line.state === "full" ? "full2" : "recon");
  $("span:last-child", recon).textContent = off ? t("off2") : line.tries ? t("attempt", line.tries + 1) : "";
}
// Where WebRTC does not come through, or has no place left, the room can be seen as HLS, some seconds late, if the shop sends it.
async function fallBack() {
  const list = `/rooms/${encodeURIComponent(room)}/hls/index.m3u8`;
  if (view.hls || video.videoWidth || !video.canPlayType("application/vnd.apple.mpegurl")) return;
  view.hls = true;
  const found = await fetch(list).catch(() => null);
  if (!found?.ok || video.videoWidth) { view.hls = false; return; }
  player.close();
  const watch = () => { video.src = list; video.play().catch(() => {}); };
  video.addEventListener("error", () => setTimeout(watch, 3000));
  watch();
}
const player = connect(video, `/rooms/${encodeURIComponent(room)}/whep`, {
  onstate: (state, detail, tries) => {
    Object.assign(line, { state, tries });
    // A connection that ends takes its picture along: what was seen last stays, dimmed, until there is another.
    const still = $(".still");
    if (state !== "live" && still.hidden && video.videoWidth) { still.getContext("2d").drawImage(video, 0, 0, still.width, still.height); still.hidden = false; }
    if (tries && (state === "reconnecting" || state === "full")) fallBack();
    if (state === "live") { document.body.dataset.state = "playing"; muteLook(); }
    showLine();
  },
});

// ---- controls ---------------------------------------------------------------------------------------------------
let returnTo = null;
const desktop = matchMedia("(min-width: 1024px)"), shelf = $("#shelf");
function open(id, ask = "") {
  if (!id && !document.body.dataset.open) return;
  const chat = $("#chat");
  if (id === "chat") {
    const url = `/chat/${encodeURIComponent(view.merchant)}?embed=1&theme=dark&lang=${lang}${ask ? `&ask=${encodeURIComponent(ask)}` : ""}`;
    const frame = $("iframe", chat);
    if (!frame.src || ask) frame.src = url;
  }
  if (id && !document.body.dataset.open) returnTo = document.activeElement;
  chat.hidden = id !== "chat";
  document.body.classList.toggle("shelf-open", id === "shelf");
  document.body.dataset.open = id || "";
  $(".scrim").hidden = !id;
  // On a phone a sheet is all there is; beside the show on a desktop both can be used.
  const modal = Boolean(id) && !desktop.matches;
  $(".room").inert = modal && id === "chat";
  chat.setAttribute("aria-modal", modal);
  for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", t("shelf")]]) if (modal && id === "shelf") shelf.setAttribute(name, value); else shelf.removeAttribute(name);
  if (id) $("[data-close]", id === "chat" ? chat : shelf).focus(); else returnTo?.focus();
}
document.addEventListener("click", event => {
  const opener = event.target.closest("[data-open]"), closer = event.target.closest("[data-close]");
  if (opener && opener.tagName === "BUTTON") open(opener.dataset.open); else if (closer) open(null);
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && !event.isComposing) open(null);
  if (event.key !== "Tab" || !shelf.hasAttribute("aria-modal")) return;
  const stops = $$("button", shelf), edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (!shelf.contains(document.activeElement) || document.activeElement === edge) { event.preventDefault(); stops.at(event.shiftKey ? -1 : 0).focus(); }
});
addEventListener("message", event => { if (event.origin === location.origin && event.data === "zg:close") open(null); });
$("[data-want]").addEventListener("click", () => open("chat", t("wantAsk", view.product?.name || "")));
$(".ask").addEventListener("submit", event => {
  event.preventDefault();
  const input = $(".askbox input"), text = input.value.trim();
  if (text) { comment(text); input.value = ""; }
});
$$(".like").forEach(button => button.addEventListener("click", () => { view.likes += 1; showState(); send({ type: "like" }); }));
$("[data-mute]").addEventListener("click", () => setMuted(!video.muted));
$(".unmute").addEventListener("click", () => setMuted(false));
$("[data-full]").addEventListener("click", () => {
  const whole = desktop.matches ? $(".stage") : document.documentElement; // on a phone words and buttons come along
  if (document.fullscreenElement) document.exitFullscreen();
  else if (whole.requestFullscreen) whole.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.(); // an iPhone knows full screen for the picture alone
});
$("[data-lang]").addEventListener("click", () => { lang = lang === "zh" ? "en" : "zh"; translate(); });
$("[data-share]").addEventListener("click", async () => {
  try { if (navigator.share) await navigator.share({ title: document.title, url: location.href }); else { await navigator.clipboard.writeText(location.href); note(t("copied")); } } catch { /* the viewer closed the share sheet */ }
});
addEventListener("pagehide", () => player.close());
addEventListener("pageshow", event => event.persisted && location.reload());

translate(); connectSocket();

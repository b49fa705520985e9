// The operators' console: session, socket and inbox. One socket says what changed, everything else is REST. The other
// pages (console/*.js) put their loaders into PAGES and use what is defined here.
"use strict";
const $ = (id) => document.getElementById(id);
const state = { token: sessionStorage.getItem("zg-token") || "", merchant: "", tab: "requested", rows: [], open: null, seq: 0, leads: [], filter: "all", days: 7, backoff: 500, typing: {} };
const TYPING_MS = 5000; // a widget says it every three seconds while its customer writes
const PAGES = {};
const TABS = [["requested", "待接管"], ["human", "人工中"], ["", "全部"]];
const STATES = { bot: ["jade", "AI 在答"], requested: ["amber", "要求转人工"], human: ["info", "人工中"], callback: ["brand", "待回电"], closed: ["", "已结束"] };
const CHANNELS = { chat: "官网客服", live: "直播" };
const FIELDS = { name: "称呼", city: "城市", budget: "预算", quantity: "数量", time: "方便的时间", product: "商品", store: "门店", visit_time: "到店时间", party_size: "人数" };
const CONSENT = { granted: ["jade", "已同意联系"], pending: ["amber", "待补授权"], refused: ["", "不同意"], withdrawn: ["", "已撤回"] };

function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}

function icon(name, size = "xs") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i " + size);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "/web/icons.svg#i-" + name);
  svg.append(use);
  return svg;
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

async function call(path, body, method = body ? "POST" : "GET") {
  const headers = { Authorization: "Bearer " + state.token, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20000) });
  if (answer.status === 401) { leave("令牌不对、过期或已撤销"); throw new Error("401"); }
  if (!answer.ok) {
    const { detail } = await answer.json().catch(() => ({}));
    throw new Error(typeof detail === "string" ? detail : "没有成功，请再试一次");
  }
  return answer;
}

async function api(path, body, method) {
  const answer = await call(path, body, method);
  return answer.status === 204 ? null : answer.json();
}

// A path about the shop that is chosen.
const of = (path, more = {}) => path + "?" + new URLSearchParams({ merchant: state.merchant, ...more });
const offset = () => -new Date().getTimezoneOffset();

// Asks in a dialog; true or, with a field, what was typed; null when it was closed.
function ask({ title, text, yes, field = "" }) {
  $("asktitle").textContent = title;
  $("asktext").textContent = text;
  $("askyes").textContent = yes;
  $("askfield").hidden = !field;
  $("asklabel").textContent = field;
  $("askinput").value = "";
  $("ask").returnValue = "no";
  $("ask").showModal();
  return new Promise((resolve) => $("ask").addEventListener("close", () => {
    resolve($("ask").returnValue === "yes" ? (field ? $("askinput").value.trim() || null : true) : null);
  }, { once: true }));
}

function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const guarded = (work) => async (...args) => {
  try { await work(...args); } catch (error) { if (error.message !== "401") toast(error.name === "TimeoutError" ? "服务器没有回应，请再试一次" : error.message); }
};

// -- coming and going ---------------------------------------------------------------------------------------------
function leave(why) {
  sessionStorage.removeItem("zg-token");
  state.token = "";
  if (state.socket) state.socket.close();
  $("app").hidden = true;
  $("gate").hidden = false;
  $("why").textContent = why;
  $("why").className = "hint bad";
  $("token").focus();
}

async function enter() {
  const session = await api("/api/session");
  if (!session.merchants.length) throw new Error("这个令牌没有店铺");
  sessionStorage.setItem("zg-token", state.token);
  $("shop").replaceChildren(...session.merchants.map((one) => el("option", { value: one.id }, one.name)));
  state.merchant = session.merchants[0].id;
  state.mayAct = session.role !== "viewer";
  state.owner = session.role === "owner";
  $("export").hidden = $("addtarget").hidden = !state.owner;
  $("gate").hidden = true;
  $("app").hidden = false;
  seal();
  connect();
  await show();
  await countDead();
}

function seal() { $("seal").textContent = [...$("shop").selectedOptions[0].textContent][0]; }

function connect() {
  const socket = (state.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/inbox`));
  const line = (text, ok) => { $("line").textContent = text; $("line").parentElement.classList.toggle("ok", ok); };
  let ping;
  socket.onopen = () => socket.send(JSON.stringify({ token: state.token, merchant: state.merchant }));
  socket.onmessage = guarded(async (event) => {
    const frame = JSON.parse(event.data);
    if (frame.type === "ready") {
      state.backoff = 500;
      line("实时更新中", true);
      ping = setInterval(() => socket.send("{}"), 30000);
      await refresh();
    }
    if (frame.type === "typing") { for (const id of frame.conversations) state.typing[id] = frame.on ? Date.now() + TYPING_MS : 0; drawTyping(); setTimeout(drawTyping, TYPING_MS + 50); }
    if (frame.type === "changed") await refresh(frame.conversations);
    if (frame.type === "error") leave(frame.message);
  });
  socket.onclose = () => {
    clearInterval(ping);
    if (socket !== state.socket || !state.token) return;
    line("断开了，正在重连…", false);
    state.backoff = Math.min(30000, state.backoff * 2);
    setTimeout(() => socket === state.socket && state.token && connect(), state.backoff * (0.75 + Math.random() / 2));
  };
}

async function refresh(changed) {
  await loadList();
  if (PAGES[page()]) return PAGES[page()]();
  if (state.open && (!changed || changed.includes(state.open))) await loadOpen();
}

// -- inbox --------------------------------------------------------------------------------------------------------
const ago = (ms) => {
  const minutes = Math.floor((Date.now() - ms) / 60000);
  return minutes < 1 ? "刚刚" : minutes < 60 ? `${minutes} 分钟` : minutes < 1440 ? `${Math.floor(minutes / 60)} 小时` : `${Math.floor(minutes / 1440)} 天`;
};
const types = (id) => state.typing[id] > Date.now();
function drawTyping() { $("typing").hidden = !types(state.open); drawList(); }
const colour = (id) => "c" + (1 + ([...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 6));
const label = (row) => "访客 " + row.visitor;
const tagOf = ([kind, text], name) => el("span.tag" + (kind ? "." + kind : ""), {}, name ? icon(name) : "", text);
const matches = (row) => !state.tab || row.state === state.tab || (state.tab === "requested" && row.state === "callback");

async function loadList() {
  state.rows = await api(`/api/conversations?merchant=${encodeURIComponent(state.merchant)}&limit=100`);
  const wanted = state.rows.filter((row) => row.state === "requested" || row.state === "callback").length;
  $("wanted").hidden = !wanted;
  $("wanted").textContent = wanted;
  $("wanted").setAttribute("aria-label", `${wanted} 个待接管`);
  document.title = (wanted ? `(${wanted}) ` : "") + "掌柜运营台";
  $("counts").textContent = `最近 ${state.rows.length} 个 · 待接管 ${wanted} · 人工中 ${state.rows.filter((row) => row.state === "human").length}`;
  drawList();
}

function drawList() {
  $("tabs").replaceChildren(...TABS.map(([key, name]) => {
    const count = state.rows.filter((row) => !key || row.state === key || (key === "requested" && row.state === "callback")).length;
    return el("button", { role: "tab", type: "button", "aria-selected": String(state.tab === key), click: () => { state.tab = key; drawList(); } }, name + " ", el(key === "requested" && count ? "b.num" : "span.num", {}, count));
  }));
  const rows = state.rows.filter(matches);
  const focused = document.activeElement && document.activeElement.dataset.id;
  $("none").hidden = rows.length > 0;
  $("none").textContent = state.tab === "requested" ? "没有人在等。AI 都接住了。" : state.tab ? "没有人工中的会话。" : "还没有会话。";
  $("list").replaceChildren(...rows.map((row) => el("li", {}, el("button", { type: "button", "data-id": row.id, "aria-current": row.id === state.open ? "true" : false, click: () => choose(row.id) },
    el("span.ava." + colour(row.id), { "aria-hidden": "true" }, "访"),
    el("div", {},
      el("p.row", {}, el("b.grow", {}, label(row)), el("time.num", {}, ago(row.updated_at_ms))),
      types(row.id) ? el("p.ellipsis.types", {}, "正在输入…") : el("p.ellipsis", {}, (row.preview.role === "assistant" ? "AI：" : row.preview.role === "operator" ? "我们：" : "") + (row.preview.text || "")),
      el("p.row", {}, tagOf(STATES[row.state], row.state === "bot" ? "spark" : ""), row.lead_id ? tagOf(["", "已留联系方式"]) : "", row.channel !== "chat" ? tagOf(["", CHANNELS[row.channel] || row.channel]) : ""))))));
  if (focused) [...$("list").querySelectorAll("button")].find((one) => one.dataset.id === focused)?.focus();
}

const choose = guarded(async (id) => {
  state.open = id;
  state.seq = 0;
  state.summary = "";
  $("log").replaceChildren();
  drawList();
  await loadOpen();
  $("text").disabled || $("text").focus();
});

async function loadOpen() {
  const id = state.open;
  const row = await api(`/api/conversations/${encodeURIComponent(id)}?after_seq=${state.seq}`);
  if (id !== state.open) return;
  const fresh = row.events.filter((event) => event.seq > state.seq);
  const atEnd = $("log").scrollHeight - $("log").scrollTop - $("log").clientHeight < 80;
  for (const event of fresh) { state.seq = event.seq; const node = drawEvent(event, row); if (node) $("log").append(node); }
  if (atEnd || !state.seen) $("log").scrollTop = $("log").scrollHeight;
  state.seen = true;
  drawHead(row);
  drawCustomer(row);
}

function drawEvent(event, row) {
  if (event.kind === "handoff") {
    if (event.summary) state.summary = event.summary;
    const said = { requested: "申请转人工", human: `${event.name || "同事"} 接管了会话，AI 已静音`, returned: "交还给 AI", callback: "没人接，已请顾客留电话" };
    return el("p.daymark", {}, icon("headset"), said[event.state] || event.state);
  }
  if (event.kind === "lead_saved") return el("p.daymark", {}, icon("check"), "联系方式已存入线索");
  if (event.kind === "lead_form") return el("p.daymark", {}, icon("phone"), "出示了留资卡");
  if (event.kind === "feedback") return el("p.daymark", {}, icon(event.score > 0 ? "up" : "downthumb"), event.score > 0 ? "顾客：有帮助" : event.score < 0 ? "顾客：没帮助" : "顾客收回了评价");
  if (event.kind !== "message") return null;
  const bubble = el("p.bubble", {}, event.text);
  if (event.role === "visitor") return el("div.msg", {}, el("span.ava." + colour(row.id), { "aria-hidden": "true" }, "访"), el("div.body", {}, bubble));
  const sources = [...new Set((event.citations || []).map((cite) => cite.file))].join("、");
  const from = event.role === "operator" ? event.name : ["AI", sources && "依据 " + sources, event.decision === "refuse" && "资料不足"].filter(Boolean).join(" · ");
  return el("div.msg.me" + (event.role === "operator" ? ".human" : ""), {}, el("div.body", {}, bubble, el("p.state", {}, icon(event.role === "operator" ? "user" : "spark"), from)));
}

function drawHead(row) {
  $("head").hidden = false;
  $("name").textContent = label(row);
  $("about").textContent = [CHANNELS[row.channel] || row.channel, row.product].filter(Boolean).join(" · ");
  const human = row.state === "human";
  $("typing").hidden = !types(row.id);
  $("wait").hidden = row.state !== "requested";
  $("wait").textContent = Date.now() - row.updated_at_ms < 60000 ? "刚开始等" : "等了 " + ago(row.updated_at_ms);
  $("take").hidden = !state.mayAct;
  $("take").className = human ? "btn" : "btn jade";
  $("take").replaceChildren(icon(human ? "spark" : "hand", "s"), human ? "交还给 AI" : "接管会话");
  $("take").onclick = guarded(async () => {
    $("take").disabled = true;
    try {
      await api(`/api/conversations/${encodeURIComponent(row.id)}/${human ? "return" : "take"}`, { operator: me() });
      await refresh();
      if (!human) $("text").focus();
    } finally { $("take").disabled = false; }
  });
  $("answer").hidden = !state.mayAct;
  $("text").placeholder = human ? "回复顾客，回车发送" : "直接回复即接管，AI 随即静音";
}

function drawCustomer(row) {
  const lead = row.lead;
  const parts = [];
  if (state.summary) parts.push(el("h2", {}, "摘要"), el("p.sum", {}, state.summary));
  parts.push(el("h2", {}, "客户"));
  const list = [];
  if (lead) {
    for (const one of lead.contacts) list.push([{ phone: "手机号", landline: "座机", wechat: "微信", qq: "QQ", email: "邮箱" }[one.kind] || one.kind, one.value]);
    for (const [key, value] of Object.entries(lead.profile)) list.push([FIELDS[key] || key, value]);
    list.push(["同意", (CONSENT[lead.consent.contact] || CONSENT.pending)[1]]);
  }
  parts.push(list.length ? el("dl.kv", {}, ...list.map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd.num", {}, value)))) : el("p.hint", {}, "还没有留下联系方式。"));
  if (row.product) parts.push(el("h2", {}, "在看"), el("p", {}, row.product));
  parts.push(el("h2", {}, "来路"), el("p.hint", {}, `${CHANNELS[row.channel] || row.channel} · ${new Date(row.created_at_ms).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short" })} 起`));
  $("cust").replaceChildren(...parts);
}

const me = () => $("me").value.trim() || "客服";

// -- pages and events ---------------------------------------------------------------------------------------------
const page = () => (PAGES[location.hash.slice(1)] ? location.hash.slice(1) : "inbox");
const show = guarded(async () => {
  document.querySelectorAll("[data-page]").forEach((one) => { one.hidden = one.dataset.page !== page(); });
  document.querySelectorAll("[data-nav]").forEach((one) => { if (one.dataset.nav === page()) one.setAttribute("aria-current", "page"); else one.removeAttribute("aria-current"); });
  if (state.token) await refresh();
});

$("enter").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  state.token = $("token").value.trim();
  $("token").value = "";
  await enter();
}));
$("answer").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  try {
    await api(`/api/conversations/${encodeURIComponent(state.open)}/messages`, { text, operator: me() });
  } catch (error) {
    $("text").value = text;
    throw error;
  }
  await refresh();
}));
let typedAt = 0;
$("text").addEventListener("input", () => {
  if (Date.now() - typedAt < 3000 || state.socket.readyState !== 1) return;
  typedAt = Date.now();
  state.socket.send(JSON.stringify({ type: "typing", conversation: state.open }));
});
$("shop").addEventListener("change", () => {
  state.merchant = $("shop").value;
  state.open = state.lead = null;
  seal();
  state.socket.close();
  connect();
  show();
});
$("me").value = localStorage.getItem("zg-me") || "";
$("me").addEventListener("change", () => localStorage.setItem("zg-me", $("me").value.trim()));
const dark = (on) => { document.documentElement.dataset.theme = on ? "dark" : "light"; localStorage.setItem("zg-theme", on ? "dark" : "light"); };
const wished = localStorage.getItem("zg-theme");
dark(wished ? wished === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
$("theme").addEventListener("click", () => dark(document.documentElement.dataset.theme !== "dark"));
addEventListener("hashchange", show);
setInterval(() => { if (!document.hidden && !$("app").hidden && page() === "inbox") drawList(); }, 30000);
// The pages' scripts stand below this one.
addEventListener("DOMContentLoaded", () => { if (state.token) guarded(enter)(); else { $("gate").hidden = false; $("token").focus(); } });

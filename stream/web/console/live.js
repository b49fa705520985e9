// The live desk: what the room shows and hears, saying a sentence, pausing, cutting in, stopping, going on air.
"use strict";
const AIR = { live: ["brand", "直播中"], paused: ["amber", "脚本已暂停"], stopped: ["", "没在播"] };
const MARKS = { queued: ["amber", "排队中", "clock"], answering: ["jade", "回答中", "wave"], answered: ["jade", "已回答", "check"] };
const RULES = { absolute: "绝对化用语", urgency: "没有依据的紧迫", medical: "疗效承诺", financial: "收益承诺", guarantee: "保证性承诺", superstition: "迷信内容", state: "国家机关与标志", contact: "联系方式不能在直播间说", identity: "个人证件", forbidden: "联系方式不能在直播间说" };
const HOLD_MS = 1000, LOOK_MS = 5000, WALL = 80, OPENING_MS = 150000;
const desk = { rooms: [], name: "", socket: null, player: null, seq: 0, goods: [], product: null, comments: new Map(), shown: null };

PAGES.live = async () => {
  desk.rooms = (await api("/api/rooms")).filter((one) => one.merchant === state.merchant);
  if (!desk.rooms.some((one) => one.name === desk.name)) desk.name = desk.rooms.length ? desk.rooms[0].name : "";
  await follow();
  drawDesk();
  await loadRundown();
};

const here = () => desk.rooms.find((one) => one.name === desk.name);
const path = (action) => `/api/rooms/${encodeURIComponent(desk.name)}/${action}`;

function drawDesk() {
  const room = here(), air = room ? room.state : "stopped", running = air !== "stopped", may = state.mayAct && Boolean(room);
  $("rooms").hidden = desk.rooms.length < 2;
  redraw($("rooms"), ...desk.rooms.map((one) => el("button", { type: "button", role: "radio", "aria-checked": String(one.name === desk.name), click: guarded(async () => { desk.name = one.name; await PAGES.live(); }) }, one.name)));
  if ($("onair").textContent !== AIR[air][1]) $("onair").replaceChildren(tagOf(AIR[air], air === "live" ? "live" : ""));
  $("watch").hidden = !room;
  if (room) $("watch").href = "/live/" + encodeURIComponent(room.name);
  $("pause").hidden = $("stop").hidden = $("cut").hidden = !running || !may;
  $("start").hidden = running || !may;
  $("sayform").hidden = !running || !may;
  $("listen").hidden = !running;
  const pause = air === "paused" ? ["play", "继续脚本"] : ["pause", "暂停脚本"];
  if ($("pause").dataset.does !== pause[0]) { $("pause").dataset.does = pause[0]; $("pause").replaceChildren(icon(pause[0], "s"), pause[1]); }
  $("dark").hidden = running;
  $("dark").textContent = !room ? "这家店还没有直播间。在服务器上运行 zhanggui room create 建一个。" : room.problem ? "没能开播：" + room.problem : "没在播。观众页会告诉来的人，开播后自动接上。";
  $("waiting").textContent = running && room.waiting ? `${room.waiting} 个问题等着答` : "";
  const answered = [...desk.comments.values()].filter((one) => one.state === "answered").length;
  const facts = [
    ["在看", running ? room.pages || 0 : "—", running ? "不算运营台" : ""],
    ["等着答", running ? room.waiting : "—", "同样的问题合在一起"],
    ["答过", answered, `这一页记着 ${desk.comments.size} 条评论`],
    ["点赞", running ? (room.likes || 0).toLocaleString() : "—", ""],
    ["正在讲", desk.product ? desk.product.name : "—", desk.product ? goodsLine(desk.product) : ""],
  ];
  $("now").replaceChildren(...facts.map(([name, value, more]) => el("div", {}, el("p", {}, name), el("b.num.ellipsis", { title: value }, value), el("p.hint.num.ellipsis", {}, more))));
}

const goodsLine = (one) => [one.price && "¥" + one.price, one.was && "原价 ¥" + one.was, one.stock !== null && `余 ${one.stock} 件`].filter(Boolean).join(" · ");

// -- the room as its pages see it ---------------------------------------------------------------------------------
async function follow() {
  const room = here(), wanted = room && room.state !== "stopped" ? room.name : "";
  if (wanted === desk.shown) return;
  quit();
  desk.shown = wanted;
  if (!wanted) return;
  listenTo(wanted);
  const { connect } = await import("/web/whep.js");
  if (desk.shown === wanted) desk.player = connect($("preview"), `/rooms/${encodeURIComponent(wanted)}/whep`, { token: state.token });
}

function quit() {
  desk.player?.close();
  desk.socket?.close();
  clearTimeout(desk.again);
  Object.assign(desk, { player: null, socket: null, shown: null, seq: 0, goods: [], product: null, comments: new Map() });
  $("wall").replaceChildren();
  $("nowall").hidden = false;
  $("said").hidden = true;
  clearRundown();
}

function listenTo(name) {
  const socket = (desk.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/rooms/${encodeURIComponent(name)}`));
  const ping = setInterval(() => socket.readyState === 1 && socket.send('{"type":"ping"}'), 20000);
  socket.onopen = () => socket.send(JSON.stringify({ type: "hello", protocol: 1, operator: state.token, ...(desk.seq ? { after_seq: desk.seq } : {}) }));
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = () => {
    clearInterval(ping);
    if (socket !== desk.socket) return;
    desk.player?.check();
    desk.again = setTimeout(guarded(async () => { if (desk.shown === name) listenTo(name); await PAGES.live(); }), 2000);
  };
}

function hear(frame) {
  desk.seq = Math.max(desk.seq, frame.seq || 0);
  if (frame.type === "welcome") { Object.assign(desk, { goods: frame.products, product: frame.product }); drawDesk(); rundownSoon(); }
  if (frame.type === "product") { desk.product = frame.product; drawDesk(); rundownSoon(); }
  if (frame.type === "state" && here()) { Object.assign(here(), { state: frame.state, pages: frame.viewers, likes: frame.likes }); drawDesk(); }
  if (frame.type === "comment") drawComment(frame);
  if (frame.type === "caption") {
    clearTimeout(desk.caption);
    if (frame.line !== run.line) { run.line = frame.line; rundownSoon(); }
    if (frame.text) { $("said").textContent = frame.text; $("said").hidden = false; }
    desk.caption = setTimeout(() => { $("said").hidden = true; }, frame.text ? 8000 : 500);
  }
}

function drawComment(said) {
  const old = desk.comments.get(said.id), mark = MARKS[said.state];
  const node = el("li" + (said.state === "answering" ? ".on" : ""), {}, el("p.row", {}, el("span.grow", {}, el("span.from", {}, said.name), said.text), said.masked ? tagOf(["", "已隐藏"], "lock") : "", mark ? tagOf(mark, mark[2]) : ""), said.answer ? el("p.hint", {}, said.answer) : "");
  if (old) old.node.replaceWith(node); else $("wall").prepend(node);
  desk.comments.set(said.id, { state: said.state, node });
  if (desk.comments.size > WALL) { const [first, gone] = desk.comments.entries().next().value; gone.node.remove(); desk.comments.delete(first); }
  $("nowall").hidden = true;
  if (said.state !== "shown") soon();
}

// Figures that come by REST alone, after a burst of comments once.
function soon() {
  clearTimeout(desk.soon);
  desk.soon = setTimeout(() => page() === "live" && guarded(PAGES.live)(), 400);
}

// -- what an operator does ----------------------------------------------------------------------------------------
const act = (action, said, limit) => guarded(async () => {
  await api(path(action), {}, "POST", limit);
  if (said) toast(said);
  await PAGES.live();
});

$("pause").addEventListener("click", () => act($("pause").dataset.does === "play" ? "resume" : "pause", $("pause").dataset.does === "play" ? "脚本接着走" : "说完这句就停，您仍可以插话")());
$("cut").addEventListener("click", act("interrupt", "已打断，从下一句接着讲"));
$("start").addEventListener("click", guarded(async () => {
  $("start").disabled = true;
  toast("正在开播…");
  try { await act("start", "开播了", OPENING_MS)(); } finally { $("start").disabled = false; }
}));
$("listen").addEventListener("click", () => {
  const video = $("preview");
  video.muted = !video.muted;
  $("listen").setAttribute("aria-pressed", String(!video.muted));
  $("listen").setAttribute("aria-label", video.muted ? "开声" : "静音");
  $("listen").querySelector("use").setAttribute("href", "/web/icons.svg#i-" + (video.muted ? "mute" : "volume"));
});

// Held for a second by finger, mouse or key; a click that comes without any of them (a screen reader's) is asked about.
function held(button, work) {
  let timer = 0, began = false;
  const end = () => { clearTimeout(timer); timer = 0; button.classList.remove("holding"); };
  const begin = () => {
    if (timer || button.disabled) return;
    began = true;
    button.classList.add("holding");
    timer = setTimeout(() => { end(); began = false; work(); }, HOLD_MS);
  };
  button.addEventListener("pointerdown", (event) => event.button === 0 && begin());
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); begin(); } });
  button.addEventListener("keyup", (event) => { if (timer && (event.key === "Enter" || event.key === " ")) { end(); began = false; toast("按住一秒才会停播"); } });
  button.addEventListener("click", guarded(async (event) => {
    if (began) { began = false; toast("按住一秒才会停播"); return; }
    if (event.detail) return; // the finger that held it until it was done
    if (await ask({ title: "现在停播？", text: "观众页会说已下播。要再开播，点“开播”。", yes: "停播" })) work();
  }));
}
held($("stop"), act("stop", "已停播，观众页会告诉来的人"));

// Words are checked while they are written: what the law forbids is named, and how it could be said.
function drawFindings({ broken, text }) {
  $("findings").replaceChildren(...broken.map((one) => el("p.finding", {}, icon("alert"), el("b", {}, one.words), " ", RULES[one.rule.split("/")[1]] || one.rule)), broken.length && text ? el("button.under", { type: "button", click: () => { $("words").value = text; typed(); $("words").focus(); } }, `改成“${text}”`) : "");
}
function typed() {
  const text = $("words").value.trim();
  $("saynow").disabled = $("saynext").disabled = !text;
  clearTimeout(desk.check);
  if (!text) return drawFindings({ broken: [] });
  desk.check = setTimeout(guarded(async () => {
    const found = await api(path("check"), { text });
    // The rules are looked for with half-width marks.
    if ($("words").value.trim() === text) drawFindings({ ...found, text: found.text && found.text.replace(/,(?=[\u4e00-\u9fff])/g, "，") });
  }), 350);
}
$("words").addEventListener("input", typed);
const speak = (cut) => guarded(async () => {
  const text = $("words").value.trim();
  if (!text) return;
  await api(path("say"), { text });
  if (cut) await api(path("interrupt"), {});
  $("words").value = "";
  typed();
  toast(cut ? "已打断，现在说" : "说完本句就说");
});
$("saynow").addEventListener("click", speak(true));
$("sayform").addEventListener("submit", (event) => { event.preventDefault(); speak(false)(); });
$("words").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("sayform").requestSubmit(); } });

const watching = () => page() === "live" && Boolean(state.token);
addEventListener("hashchange", () => { if (!watching()) quit(); });
setInterval(() => { if (!watching()) { if (desk.shown !== null) quit(); } else if (!document.hidden) guarded(PAGES.live)(); }, LOOK_MS);

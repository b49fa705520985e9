// The operators' console: session and socket. One socket says what changed, everything else is REST. The inbox and the
// other pages (console/*.js; these put their loaders into PAGES) use what is defined here.
"use strict";
const $ = (id) => document.getElementById(id);
const state = { token: sessionStorage.getItem("zg-token") || "", merchant: "", tab: "requested", rows: [], open: null, seq: 0, leads: [], filter: "all", days: 7, backoff: 500, typing: {}, names: {} };
const TYPING_MS = 5000; // a widget says it every three seconds while its customer writes
const PAGES = {};
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

const colour = (id) => "c" + (1 + ([...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 6));
const tagOf = ([kind, text], name) => el("span.tag" + (kind ? "." + kind : ""), {}, name ? icon(name) : "", text);

// Draws a group anew; what had the focus in it, by its place, has it again.
function redraw(node, ...children) {
  const stops = () => [...node.querySelectorAll("button, a, input")], at = stops().indexOf(document.activeElement);
  node.replaceChildren(...children);
  if (at >= 0) stops()[at]?.focus({ preventScroll: true });
}

const named = (sku) => state.names[sku] || sku;

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

async function call(path, body, method = body ? "POST" : "GET", limit = 20000) {
  const headers = { Authorization: "Bearer " + state.token, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(limit) });
  if (answer.status === 401) { leave("令牌不对、过期或已撤销"); throw new Error("401"); }
  if (!answer.ok) {
    const { detail } = await answer.json().catch(() => ({}));
    throw new Error(typeof detail === "string" ? detail : "没有成功，请再试一次");
  }
  return answer;
}

async function api(path, body, method, limit) {
  const answer = await call(path, body, method, limit);
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
  await known();
  await show();
  await countDead();
}

async function known() { state.names = await api(of("/api/products")); }

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
$("shop").addEventListener("change", () => {
  state.merchant = $("shop").value;
  state.open = state.lead = null;
  seal();
  state.socket.close();
  connect();
  guarded(known)().then(show);
});
// One of several: the arrow keys go from one to the next, as they do among native radio buttons.
addEventListener("keydown", (event) => {
  const group = event.target.closest('[role="radiogroup"], [role="tablist"]'), step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!group || !step) return;
  event.preventDefault();
  const all = [...group.children], next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  next.focus();
  next.click();
});
$("me").value = localStorage.getItem("zg-me") || "";
$("me").addEventListener("change", () => localStorage.setItem("zg-me", $("me").value.trim()));
const dark = (on) => { document.documentElement.dataset.theme = on ? "dark" : "light"; localStorage.setItem("zg-theme", on ? "dark" : "light"); };
const wished = localStorage.getItem("zg-theme");
dark(wished ? wished === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
$("theme").addEventListener("click", () => dark(document.documentElement.dataset.theme !== "dark"));
addEventListener("hashchange", show);
// The pages' scripts stand below this one.
addEventListener("DOMContentLoaded", () => { if (state.token) guarded(enter)(); else { $("gate").hidden = false; $("token").focus(); } });

// The inbox: who waits, one conversation with what is known of its customer, taking it over and answering.
"use strict";
const TABS = [["requested", "待接管"], ["human", "人工中"], ["", "全部"]];
const STATES = { bot: ["jade", "AI 在答"], requested: ["amber", "要求转人工"], human: ["info", "人工中"], callback: ["brand", "待回电"], closed: ["", "已结束"] };

const ago = (ms) => {
  const minutes = Math.floor((Date.now() - ms) / 60000);
  return minutes < 1 ? "刚刚" : minutes < 60 ? `${minutes} 分钟` : minutes < 1440 ? `${Math.floor(minutes / 60)} 小时` : `${Math.floor(minutes / 1440)} 天`;
};
const types = (id) => state.typing[id] > Date.now();
function drawTyping() { $("typing").hidden = !types(state.open); drawList(); }
const label = (row) => "访客 " + row.visitor;
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
  redraw($("tabs"), ...TABS.map(([key, name]) => {
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
  $("about").textContent = [CHANNELS[row.channel] || row.channel, row.product && named(row.product)].filter(Boolean).join(" · ");
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
  if (state.summary) parts.push(el("h2", {}, "摘要"), el("p.sum", {}, Object.entries(state.names).reduce((text, [sku, name]) => text.replaceAll(sku, name), state.summary)));
  parts.push(el("h2", {}, "客户"));
  const list = [];
  if (lead) {
    for (const one of lead.contacts) list.push([{ phone: "手机号", landline: "座机", wechat: "微信", qq: "QQ", email: "邮箱" }[one.kind] || one.kind, one.value]);
    for (const [key, value] of Object.entries(lead.profile)) list.push([FIELDS[key] || key, key === "product" ? named(value) : value]);
    list.push(["同意", (CONSENT[lead.consent.contact] || CONSENT.pending)[1]]);
  }
  parts.push(list.length ? el("dl.kv", {}, ...list.map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd.num", {}, value)))) : el("p.hint", {}, "还没有留下联系方式。"));
  if (row.product) parts.push(el("h2", {}, "在看"), el("p", {}, named(row.product)));
  parts.push(el("h2", {}, "来路"), el("p.hint", {}, `${CHANNELS[row.channel] || row.channel} · ${new Date(row.created_at_ms).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short" })} 起`));
  $("cust").replaceChildren(...parts);
}

const me = () => $("me").value.trim() || "客服";

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
setInterval(() => { if (!document.hidden && !$("app").hidden && page() === "inbox") drawList(); }, 30000);

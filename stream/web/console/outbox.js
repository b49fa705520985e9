// Passing leads on: targets, a test message, what was sent and what did not arrive.
"use strict";
const TARGETS = { webhook: "Webhook", wecom: "企业微信", dingtalk: "钉钉", feishu: "飞书", email: "邮箱" };
const SENT = { pending: ["amber", "等待发送"], delivered: ["jade", "已送达"], dead: ["brand", "没送到"] };
const EVENTS = { "lead.created": "新线索", "lead.updated": "线索更新" };
// What the outbox notes, in the words of the shop; whatever is not here is shown as it came.
const REASONS = [
  [/leads to a private address/, "地址在内网，出于安全不发"],
  [/does not resolve/, "找不到这个网址"],
  [/no answer within ([\d.]+) s/, "对方 $1 秒没有回应"],
  [/^not reached/, "连不上对方"],
  [/^not taken: HTTP (\d+)/, "对方没有收下（HTTP $1）"],
  [/^the mail server refused: (\d+)/, "邮件服务器拒收（$1）"],
  [/^the mail server was not reached/, "连不上邮件服务器"],
  [/no mailbox is configured/, "还没有设置发件邮箱"],
  [/^consent withdrawn/, "顾客撤回了同意"],
  [/^target removed/, "目标已移除"],
];
const reason = (text) => {
  for (const [pattern, words] of REASONS) {
    const found = pattern.exec(text);
    if (found) return words.replace("$1", found[1] || "");
  }
  return text || "—";
};
state.sent = "dead";

PAGES.outbox = async () => {
  const [targets, messages] = await Promise.all([api(of("/api/targets")), api(of("/api/outbox", { limit: 500 }))]);
  drawTargets(targets);
  drawMessages(messages, Object.fromEntries(targets.map((one) => [one.id, one.label])));
};

function drawTargets(targets) {
  $("notargets").hidden = targets.length > 0;
  $("targets").replaceChildren(...targets.map((one) => el("li", {},
    el("p.row", {}, el("b.grow.ellipsis", {}, one.label), tagOf(["", TARGETS[one.kind]])),
    el("p.hint.ellipsis", {}, one.address),
    state.owner ? el("p.row", {},
      el("button.btn.sm", { type: "button", click: guarded(async (event) => {
        const button = event.currentTarget;
        button.disabled = true;
        try {
          const { delivered, problem } = await api(of(`/api/targets/${one.id}/test`), {});
          toast(delivered ? "测试消息已送达" : "没送到：" + reason(problem));
        } finally { button.disabled = false; }
      }) }, icon("send"), "发一条测试"),
      el("button.btn.sm.ghost", { type: "button", click: guarded(async () => {
        if (!(await ask({ title: `移除“${one.label}”`, text: "等着发给它的消息不会再发。", yes: "移除" }))) return;
        await api(of(`/api/targets/${one.id}`), null, "DELETE");
        await PAGES.outbox();
      }) }, "移除")) : "")));
}

function drawDead(count) {
  $("deadcount").hidden = !count;
  $("deadcount").textContent = count;
  $("deadcount").setAttribute("aria-label", `${count} 条没送到`);
}

// At entering, so that nobody has to look for what did not arrive.
const countDead = async () => drawDead((await api(of("/api/outbox", { state: "dead", limit: 500 }))).length);

function drawMessages(messages, labels) {
  const count = (key) => messages.filter((one) => one.state === key).length;
  drawDead(count("dead"));
  redraw($("states"), ...[["dead", "没送到"], ["pending", "等待"], ["delivered", "已送达"]].map(([key, name]) => el("button.chip", { type: "button", "aria-pressed": String(state.sent === key), click: () => { state.sent = key; drawMessages(messages, labels); } }, `${name} ${count(key)}`)));
  const rows = messages.filter((one) => one.state === state.sent);
  $("replayall").hidden = !state.mayAct || state.sent !== "dead" || !rows.length;
  $("replayall").onclick = guarded(() => replay(null));
  $("nomessages").hidden = rows.length > 0;
  $("nomessages").textContent = { dead: "没有送不到的消息。", pending: "没有在等的消息。", delivered: "还没有送出过消息。" }[state.sent];
  $("messages").replaceChildren(...rows.map((one) => el("tr", {},
    el("td", {}, labels[one.target] || "已移除的目标", el("p.hint", {}, EVENTS[one.event] || one.event)),
    el("td", {}, tagOf(SENT[one.state])),
    el("td.num", {}, `${one.attempts} 次`),
    el("td.why", {}, reason(one.last_error)),
    el("td.num.end", {}, stamp(one.delivered_at_ms || (one.state === "pending" && one.attempts ? one.next_at_ms : one.created_at_ms))),
    el("td.end", {}, one.state === "dead" && state.mayAct ? el("button.btn.sm", { type: "button", click: guarded(() => replay(one.id)) }, "重发") : ""))));
}

async function replay(id) {
  const { replayed } = await api(of("/api/outbox/replay"), { message_id: id });
  toast(`已放回发送队列：${replayed} 条，编号不变`);
  await PAGES.outbox();
}

const form = (open) => {
  $("targetform").hidden = !open;
  $("addtarget").setAttribute("aria-expanded", String(open));
  if (open) { $("madesecret").hidden = true; $("targetform").reset(); $("kind").dispatchEvent(new Event("change")); $("kind").focus(); }
};
$("addtarget").addEventListener("click", () => form($("targetform").hidden));
$("canceltarget").addEventListener("click", () => form(false));
$("kind").addEventListener("change", () => {
  const kind = $("kind").value;
  $("secretfield").hidden = kind === "email" || kind === "wecom";
  $("tsecret").placeholder = kind === "webhook" ? "不填会生成一个" : "机器人开了“加签”才填";
  $("address").placeholder = kind === "email" ? "boss@example.com" : "https://…";
});
$("targetform").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  const made = await api(of("/api/targets"), { kind: $("kind").value, address: $("address").value.trim(), label: $("tlabel").value.trim(), secret: $("secretfield").hidden ? "" : $("tsecret").value.trim() });
  form(false);
  $("madesecret").hidden = !made.secret;
  $("madesecret").textContent = `签名密钥，只显示这一次：${made.secret}`;
  await PAGES.outbox();
}));

// Figures: the funnel by day, channel, product and variant, what it takes, and questions nobody could answer.
"use strict";
const GROUPS = { day: "日期", channel: "来源", product: "商品", variant: "问不问" };
const ARMS = { ask: "会问", holdout: "对照组，不问" };
state.by = "day";
const money = (micros) => (micros == null ? "—" : (micros / 1e6).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 4 }));

PAGES.figures = async () => {
  drawDays(PAGES.figures);
  const when = { days: state.days, utc_offset_minutes: offset() };
  const [stats, questions] = await Promise.all([api(of("/api/stats", { ...when, by: state.by })), api(of("/api/questions", when))]);
  drawFacts(stats);
  drawGroups(stats.rows);
  drawQuestions(questions);
};

function drawFacts({ total, asking, spending }) {
  const said = total ? total.answered + total.asked_back + total.refused : 0;
  const cells = [
    ["首次回答（中位）", wait(total && total.first_response_ms), ""],
    ["答上了", said ? Math.round((total.answered / said) * 100) + "%" : "—", said ? `${total.answered} / ${said} 次` : "还没有提问"],
    ["转人工", total ? total.handed_over : 0, total ? `共 ${total.conversations} 个会话` : ""],
    ["问联系方式", total ? total.offers : 0, total ? `${total.offers_refused} 次被婉拒` : ""],
    ["主动问，比不问", asking ? points(asking.difference) + " 点" : "—", asking ? interval(asking) : "对照组还没有数据"],
    ["每条有效线索", spending.cost_micros ? money(spending.cost_per_lead_micros) : "—", spending.requests ? `模型 ${(spending.prompt_tokens + spending.completion_tokens).toLocaleString()} 词元，${money(spending.cost_micros)}` : "没有用大模型，没有费用"],
  ];
  $("facts").replaceChildren(...cells.map(([name, value, more]) => el("div", {}, el("p", {}, name), el("b.num", {}, value), el("p.hint.num", {}, more))));
}

function drawGroups(rows) {
  redraw($("groups"), ...Object.entries(GROUPS).map(([key, name]) => el("button", { type: "button", role: "radio", "aria-checked": String(state.by === key), click: guarded(async () => { state.by = key; await PAGES.figures(); }) }, name)));
  $("groupname").textContent = GROUPS[state.by];
  $("nogroups").hidden = rows.length > 0;
  const name = (row) => (state.by === "channel" ? CHANNELS[row.group] : state.by === "variant" ? ARMS[row.group] : state.by === "product" ? state.names[row.group] : "") || (row.group === "—" ? "没有谈到商品" : row.group);
  const ordered = state.by === "day" ? [...rows].reverse() : [...rows].sort((a, b) => b.conversations - a.conversations);
  $("grouprows").replaceChildren(...ordered.map((row) => el("tr", {}, el("td", {}, name(row)), ...[row.conversations, row.spoke, row.left_contact].map((value) => el("td.num.end", {}, value)), el("td.num.end", {}, el("b", {}, row.valid_contact)), ...[wait(row.first_response_ms), row.answered, row.asked_back, row.refused, row.handed_over, row.cost_micros ? money(row.cost_per_lead_micros) : "—"].map((value) => el("td.num.end", {}, value)))));
}

function drawQuestions(questions) {
  state.questions = questions;
  $("draft").hidden = !questions.length;
  $("noquestions").hidden = questions.length > 0;
  $("questions").replaceChildren(...questions.map((one) => el("li", {}, el("p.row", {}, el("b.grow", {}, one.text), el("span.tag.amber.num", {}, `${one.count} 次`)), one.examples.length > 1 ? el("p.hint", {}, "也有人问：" + one.examples.slice(1).join("；")) : "")));
}

// A cell that no spreadsheet calculates.
const cell = (text) => `"${(/^[\s　]*[=+\-@＝＋－＠]/.test(text) ? "'" : "") + text.replaceAll('"', '""')}"`;
$("draft").addEventListener("click", () => {
  const rows = [["问题", "答案", "相似问法"], ...state.questions.map((one) => [one.text, "", one.examples.slice(1).join("；")])];
  save(new Blob(["\ufeff" + rows.map((row) => row.map(cell).join(",") + "\r\n").join("")], { type: "text/csv" }), "问答草稿.csv");
});

// Leads: the funnel, the masked list, one lead with its story; revealing, consent, export and erasing are audited.
"use strict";
const KINDS = { phone: "手机", landline: "座机", wechat: "微信", qq: "QQ", email: "邮箱" };
const PURPOSES = { contact: "联系顾客", share: "转交别的系统" };
const stamp = (ms) => {
  const at = new Date(ms);
  const day = at.getFullYear() === new Date().getFullYear() ? { month: "numeric", day: "numeric" } : { year: "numeric", month: "numeric", day: "numeric" };
  return at.toLocaleString("zh-CN", { ...day, hour: "2-digit", minute: "2-digit", hour12: false });
};
const points = (value) => (value >= 0 ? "+" : "") + (value * 100).toFixed(1);
const interval = ({ low, high }) => `95% 区间 ${points(low)} – ${points(high)}` + (low < 0 && high > 0 ? "，还不能下结论" : "");

PAGES.leads = async () => {
  drawDays(PAGES.leads);
  state.leads = await api(of("/api/leads", { limit: 500 }));
  if (!state.leads.some((one) => one.id === state.lead)) closeLead();
  drawLeads();
  const stats = await api(of("/api/stats", { days: state.days, utc_offset_minutes: offset() }));
  drawFunnel(stats.total, stats.asking);
};

function drawDays(reload) {
  for (const place of document.querySelectorAll("[data-days]")) {
    redraw(place, ...[[1, "今天"], [7, "7 天"], [30, "30 天"]].map(([days, name]) => el("button", { type: "button", role: "radio", "aria-checked": String(state.days === days), click: guarded(async () => { state.days = days; await reload(); }) }, name)));
  }
}

function drawFunnel(total, asking) {
  const numbers = total || { conversations: 0, spoke: 0, left_contact: 0, valid_contact: 0, first_response_ms: null };
  const steps = [["会话", "conversations"], ["开口问", "spoke"], ["留了资料", "left_contact"], ["有效联系方式", "valid_contact"]];
  const share = (part, whole) => (whole ? Math.round((part / whole) * 1000) / 10 : 0);
  const cells = steps.map(([name, key], index) => {
    const percent = index ? share(numbers[key], numbers[steps[index - 1][1]]) : numbers[key] ? 100 : 0;
    const bar = el("i");
    bar.style.width = Math.min(100, percent) + "%";
    return el("div" + (index === 3 ? ".hot" : ""), {}, el("p", {}, name), el("b.num", {}, numbers[key].toLocaleString()), index ? el("span.num", {}, percent + "%") : "", el("i", { "aria-hidden": "true" }, bar));
  });
  const aside = asking
    ? el("aside", {}, el("p", {}, "主动问联系方式，比不问"), el("b.num", {}, points(asking.difference) + " 点"), el("p.hint.num", {}, interval(asking)))
    : el("aside", {}, el("p", {}, "首次回答用时（中位）"), el("b.num", {}, wait(numbers.first_response_ms)), el("p.hint", {}, "对照组还没有数据，不比较问与不问"));
  $("funnel").replaceChildren(...cells, aside);
}

const wait = (ms) => (ms == null ? "—" : ms < 100 ? "不到 0.1 秒" : (ms / 1000).toFixed(1) + " 秒");

function drawLeads() {
  const chips = [["all", "全部", () => true], ["granted", "已同意", (one) => one.consent.contact === "granted"], ["pending", "待补授权", (one) => one.complete && one.consent.contact !== "granted"], ["partial", "缺联系方式", (one) => !one.complete]];
  redraw($("chips"), ...chips.map(([key, name, test]) => el("button.chip", { type: "button", "aria-pressed": String(state.filter === key), click: () => { state.filter = key; drawLeads(); } }, `${name} ${state.leads.filter(test).length}`)));
  const words = $("find").value.trim().toLowerCase();
  const test = chips.find(([key]) => key === state.filter)[2];
  const rows = state.leads.filter((one) => test(one) && (!words || JSON.stringify([one.profile, one.product, one.product && named(one.product)]).toLowerCase().includes(words)));
  $("leadcount").textContent = `${state.leads.length} 条`;
  $("noleads").hidden = rows.length > 0;
  $("noleads").textContent = state.leads.length ? "没有符合的线索。" : "还没有线索。顾客在私信或直播里留下联系方式，就会出现在这里。";
  redraw($("rows"), ...rows.map((one) => {
    const consent = one.complete ? CONSENT[one.consent.contact] || CONSENT.pending : ["", "缺联系方式"];
    const wish = ["quantity", "budget", "time", "store", "visit_time"].map((key) => one.profile[key]).filter(Boolean).join(" · ");
    return el("tr", { "aria-current": one.id === state.lead ? "true" : false, click: guarded(() => openLead(one.id)) },
      el("td", {}, el("button.name", { type: "button" }, one.profile.name || "未留名"), el("p.hint", {}, one.profile.city || "城市未知")),
      el("td.num", {}, ...one.contacts.map((contact) => el("p", {}, contact.value))),
      el("td", {}, named(one.product || one.profile.product || "—"), el("p.hint", {}, wish)),
      el("td", {}, CHANNELS[one.channel] || one.channel),
      el("td", {}, tagOf(consent, consent[0] === "jade" ? "check" : "")),
      el("td.num.end", {}, stamp(one.updated_at_ms)));
  }));
}

function closeLead() {
  state.lead = null;
  $("detail").replaceChildren(el("p.empty", {}, "点一条线索，看经过和授权。"));
  $("detail").classList.remove("open");
}

async function openLead(id, shown) {
  state.lead = id;
  drawLeads();
  const row = await api(of(`/api/leads/${id}`));
  if (state.lead === id) drawLead(row, shown);
}

function drawLead(row, shown) {
  const clear = shown || row;
  const name = clear.profile.name || "未留名";
  const parts = [el("header.row", {}, el("span.ava." + colour(row.id), { "aria-hidden": "true" }, [...name][0]), el("div.grow", {}, el("h2", {}, name), el("p.hint", {}, [clear.profile.city, CHANNELS[row.channel] || row.channel].filter(Boolean).join(" · "))), el("button.iconbtn", { type: "button", "aria-label": "关闭", click: () => { closeLead(); drawLeads(); } }, icon("close", "s")))];
  parts.push(el("div.contacts", {}, ...(clear.contacts.length ? clear.contacts.map((one) => el("p.num", {}, el("small", {}, KINDS[one.kind] || one.kind), el("b", {}, one.value))) : [el("p.hint", {}, "还没有联系方式。")])));
  if (row.contacts.length && !shown) parts.push(state.mayAct ? el("button.btn.primary", { type: "button", click: guarded(() => reveal(row.id)) }, icon("eye", "s"), "显示完整号码") : "");
  if (row.contacts.length) parts.push(el("p.hint", {}, icon("lock"), shown ? " 已显示，这次查看已记入审计。" : state.mayAct ? " 点了就记入审计：谁、什么时候、看了哪一条。" : " 您的令牌只能看打码的号码。"));
  const wishes = Object.entries(clear.profile).filter(([key]) => key !== "name");
  if (wishes.length || row.product) parts.push(el("h3", {}, "意向"), el("dl.kv", {}, ...[...wishes, ...(row.product ? [["product", row.product]] : [])].map(([key, value]) => el("div", {}, el("dt", {}, FIELDS[key] || key), el("dd", {}, key === "product" ? named(value) : value)))));
  parts.push(el("h3", {}, "授权"), el("ul.consents", {}, ...Object.entries(PURPOSES).map(([purpose, words]) => consentLine(row, purpose, words))));
  parts.push(el("h3", {}, "经过"), el("ol.story", {}, ...(row.history || []).map((one) => el("li", {}, el("time.num", {}, stamp(one.at_ms)), el("span", {}, storyLine(one))))));
  if (row.conversation_id) parts.push(el("button.btn", { type: "button", click: () => { state.tab = ""; location.hash = "inbox"; choose(row.conversation_id); } }, icon("chat", "s"), "看会话"));
  if (state.owner) parts.push(el("button.btn.danger", { type: "button", click: guarded(() => eraseLead(row.id)) }, "按顾客要求删除"));
  $("detail").replaceChildren(...parts.filter(Boolean));
  $("detail").classList.add("open");
  if (matchMedia("(max-width: 1100px)").matches) { $("detail").focus(); $("detail").scrollIntoView({ block: "start" }); }
}

function consentLine(row, purpose, words) {
  const now = row.consent[purpose];
  const [tone, said] = now ? { granted: ["jade", "同意"], pending: ["amber", "待确认"], refused: ["", "不同意"], withdrawn: ["", "已撤回"] }[now] : ["", "没有问过"];
  const turn = now === "granted" ? ["withdrawn", "撤回"] : ["granted", "补记同意"];
  return el("li.row", {}, el("span.grow", {}, words), tagOf([tone, said], tone === "jade" ? "check" : ""), state.mayAct ? el("button.btn.sm", { type: "button", click: guarded(async () => {
    const sure = await ask({ title: turn[0] === "granted" ? `补记：顾客同意${words}` : `撤回：不再${words}`, text: turn[0] === "granted" ? "只在顾客亲口同意过时补记，比如电话里。会记入审计。" : "排队等待发送的也会停下。会记入审计。", yes: turn[1] });
    if (!sure) return;
    await api(of(`/api/leads/${row.id}/consent`), { purpose, state: turn[0] }, "PUT");
    await PAGES.leads();
    await openLead(row.id);
  }) }, turn[1]) : "");
}

function storyLine(one) {
  const detail = one.detail;
  if (one.kind === "created") return "建立线索";
  if (one.kind === "contact") return `留下${KINDS[detail.kind] || detail.kind} ${detail.value}`;
  if (one.kind === "profile") return "补充 " + Object.entries(detail.set || {}).map(([key, value]) => `${FIELDS[key] || key} ${value}`).join("，");
  if (one.kind === "merged") return "和另一条线索合并，是同一位顾客";
  return one.kind;
}

async function reveal(id) {
  const shown = await api(of(`/api/leads/${id}/reveal`), {});
  const row = await api(of(`/api/leads/${id}`));
  if (state.lead === id) drawLead(row, shown);
}

async function eraseLead(id) {
  const contact = await ask({ title: "删除这位顾客的全部数据", text: "线索、同意记录和聊天原文都会删除，不能恢复。请输入完整的联系方式确认（手机号、邮箱、wechat:微信号 或 qq:号码）。", yes: "永久删除", field: "联系方式" });
  if (!contact) return;
  const { erased } = await api(of("/api/customers/erase"), { contact });
  toast(`已删除 ${erased} 条线索`);
  if (state.lead === id) closeLead();
  await PAGES.leads();
}

$("find").addEventListener("input", drawLeads);
$("export").addEventListener("click", guarded(async () => {
  const answer = await call(of("/api/leads.csv", { utc_offset_minutes: offset() }), null, "POST");
  save(await answer.blob(), `leads-${new Date().toLocaleDateString("sv-SE")}.csv`);
  toast(`已导出 ${answer.headers.get("X-Lead-Count")} 条同意联系的线索，已记入审计`);
}));

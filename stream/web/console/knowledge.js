// Knowledge: what is live, what the draft would change, what to look at first; publishing and going back, audited by the story.
"use strict";
const CHANGED = { new: ["jade", "新"], changed: ["amber", "改"], removed: ["brand", "删"] };
const GRAVITY = { error: ["bad", "alert", "必须改"], warning: ["", "clock", "提醒"], hint: ["", "info", "提示"] };
const bytes = (size) => (size < 1024 ? `${size} B` : size < 1048576 ? `${Math.round(size / 1024)} KB` : `${(size / 1048576).toFixed(1)} MB`);

PAGES.knowledge = async () => drawKnowledge(await api(of("/api/knowledge")));

function drawKnowledge({ published, draft, files, diff, findings, errors, history }) {
  $("versions").replaceChildren(...[published && tagOf(["jade", "线上 " + published], "check"), draft && tagOf(["amber", "草稿 " + draft])].filter(Boolean));
  $("publish").hidden = !draft || !state.owner;
  $("publish").disabled = errors > 0;
  $("publish").textContent = "发布 " + (draft || "");
  $("publish").onclick = guarded(() => publishDraft(draft, diff));
  const why = errors ? ["bad", "alert", `还有 ${errors} 处必须先改：${findings[0].text}`]
    : draft ? ["", "info", `发布后几秒内生效，直播和客服不用重启。${state.owner ? "" : "发布要店主的令牌。"}`]
    : published ? ["", "info", `线上就是最新的。要改：在服务器上运行 zhanggui knowledge add 文件 -m ${state.merchant}，这里就会有草稿。`]
    : ["", "info", `还没有资料。在服务器上运行 zhanggui knowledge add 文件 -m ${state.merchant}。`];
  $("pubwhy").className = "banner " + why[0];
  $("pubwhy").replaceChildren(icon(why[1], "s"), el("span", {}, why[2]));
  $("filecount").textContent = files.length ? `${files.length} 个` : "";
  $("nofiles").hidden = files.length > 0;
  $("nofiles").textContent = "还没有资料。";
  $("files").replaceChildren(...files.map((one) => {
    const parts = one.path.split("/"), name = parts.pop();
    return el("li" + (one.change === "removed" ? ".del" : ""), {}, el("span.ft", { "aria-hidden": "true" }, one.format), el("p", {}, el("b", {}, name), el("span.hint.num", {}, one.change === "removed" ? "发布后不再回答" : [parts.join("/"), bytes(one.size)].filter(Boolean).join(" · "))), one.change ? tagOf(CHANGED[one.change]) : "");
  }));
  drawChanges(diff);
  $("lintcount").textContent = findings.length ? `${errors} 处必须改 · ${findings.length - errors} 条提醒` : "";
  $("nolints").hidden = findings.length > 0;
  $("lints").replaceChildren(...findings.map((one) => {
    const [tone, name, word] = GRAVITY[one.severity];
    return el("li" + (tone ? "." + tone : ""), {}, icon(name, "s"), el("div", {}, el("p", {}, el("span.vh", {}, word + "："), one.text), el("p.hint", {}, one.source)));
  }));
  drawMoves(history, published);
}

function drawChanges(diff) {
  const rows = [];
  const row = (what, name, before, after, tag) => rows.push(el("li", {}, el("span.qa", { "aria-hidden": "true" }, what), el("p", {}, el("b", {}, name), el("br"), before ? el("del", {}, before) : "", before && after ? " → " : "", after ? el("ins", {}, after) : ""), tag ? tagOf(tag) : ""));
  const tag = (before, after) => (before === null ? CHANGED.new : after === null ? CHANGED.removed : null);
  if (diff) {
    for (const one of diff.facts) row("品", `${one.record_name} ${one.title}`, one.before, one.after, tag(one.before, one.after));
    for (const name of diff.records_added) row("品", name, "", "新商品", CHANGED.new);
    for (const name of diff.records_removed) row("品", name, "发布后不再回答", "", CHANGED.removed);
    for (const one of diff.answers) row("问", one.question, one.before, one.after, tag(one.before, one.after));
    for (const one of diff.texts) row("文", one.file, one.removed ? `${one.removed} 段` : "", one.added ? `${one.added} 段` : "", null);
  }
  const counts = diff ? diff.counts : {};
  $("difftitle").textContent = diff ? `${diff.before || "还没有发布"} → ${diff.after}` : "改动";
  $("diffcount").textContent = [counts.facts && `${counts.facts} 处商品`, counts.records_added && `${counts.records_added} 件新商品`, counts.records_removed && `${counts.records_removed} 件移除`, counts.answers && `${counts.answers} 条问答`].filter(Boolean).join(" · ");
  $("nochanges").hidden = rows.length > 0;
  $("nochanges").textContent = diff ? "内容没有变化。" : "没有草稿。";
  $("changes").replaceChildren(...rows);
}

function drawMoves(history, published) {
  $("nomoves").hidden = history.length > 0;
  const offered = new Set([published]);
  $("moves").replaceChildren(...history.map((one) => {
    const first = !offered.has(one.version);
    offered.add(one.version);
    return el("li.row", {}, el("p.grow", {}, el("b.num", {}, one.version), el("br"), el("span.hint.num", {}, `${stamp(Date.parse(one.at))} ${one.action === "publish" ? "发布" : "退回"}`)), one.version === published && one === history[0] ? tagOf(["jade", "线上"]) : "", first && state.owner ? el("button.btn.sm", { type: "button", click: guarded(() => goBack(one.version)) }, "退回到这版") : "");
  }));
}

async function publishDraft(draft, diff) {
  const counts = diff.counts;
  const sure = await ask({ title: `发布 ${draft}？`, text: `${counts.facts} 处商品、${counts.answers} 条问答会变，几秒内直播和客服都按新的说。随时可以退回。`, yes: "发布" });
  if (!sure) return;
  await api(of("/api/knowledge/publish"), { version: draft });
  toast("已发布，几秒内生效");
  await PAGES.knowledge();
}

async function goBack(version) {
  if (!(await ask({ title: `退回到 ${version}？`, text: "直播和客服几秒内按这一版说。草稿不受影响。", yes: "退回" }))) return;
  await api(of("/api/knowledge/rollback"), { version });
  toast(`已退回到 ${version}`);
  await PAGES.knowledge();
}

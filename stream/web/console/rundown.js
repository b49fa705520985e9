// The rundown of the live desk: what the host said, says and says next, product by product; an operator may jump to one.
"use strict";
const PARTS = { notice: "提示", welcome: "开场", again: "换轮", hook: "引入", point: "卖点", detail: "细节", promotion: "优惠", until: "优惠", price: "价格", action: "引导", question: "常问", closing: "收尾" };
const CUES = { opening: "开场", script: "讲解", answer: "答评论", operator: "插话", closing: "收尾" };
const run = { view: null, timer: 0, line: "" };

async function loadRundown() {
  clearTimeout(run.timer);
  if (!desk.shown) return clearRundown();
  const name = desk.shown, view = await api(`/api/rooms/${encodeURIComponent(name)}/rundown`);
  if (desk.shown === name) drawRundown(view);
}

// Asked for again when another line is heard, after a burst of captions once.
function rundownSoon() {
  clearTimeout(run.timer);
  run.timer = setTimeout(() => page() === "live" && !document.hidden && guarded(loadRundown)(), 200);
}

function clearRundown() {
  clearTimeout(run.timer);
  Object.assign(run, { view: null, line: "" });
  $("rundown").replaceChildren();
  $("lap").textContent = "";
  $("jump").hidden = true;
  $("norundown").hidden = false;
}

function drawRundown(view) {
  run.view = view;
  const groups = grouped(view), told = groups.map((one) => one.sku), order = view.products.map((one) => one.sku);
  const next = order.length ? after(order, told.at(-1)) : [];
  const rest = next.filter((sku) => !told.includes(sku)), out = desk.goods.filter((one) => !order.includes(one.sku));
  const nowSku = groups.length ? groups[0].sku : null;
  const jump = told[1] || (order.length > 1 ? after(order, nowSku)[0] : "");
  $("lap").textContent = order.length ? `第 ${view.lap} 轮 · ${order.length} 件` : "";
  $("jump").hidden = !state.mayAct || !jump;
  $("jump").dataset.sku = jump || "";
  $("norundown").hidden = Boolean(order.length || groups.length);
  redraw($("rundown"),
    ...groups.flatMap((one) => [header(one.sku, one.sku === nowSku), ...one.lines.map((line) => cue(line, line === view.now))]),
    ...rest.map((sku) => header(sku, false)),
    ...out.map((one) => el("li.item.out", {}, tile(one), el("b.ellipsis", {}, one.name), el("span.hint.grow", {}, "卖完了或排不下，这一场不讲"))));
}

// Consecutive lines about one product; an answer or an operator's words stand where they were said.
function grouped(view) {
  const groups = [];
  const open = (sku) => { if (!groups.length || (sku && groups.at(-1).sku && sku !== groups.at(-1).sku)) groups.push({ sku: sku || null, lines: [] }); else groups.at(-1).sku ||= sku || null; };
  for (const line of [...view.said, ...(view.now ? [view.now] : []), ...view.next]) {
    open(line.kind === "script" ? line.sku : null);
    groups.at(-1).lines.push(line);
  }
  // What was said of the product before is over.
  const here = groups.findIndex((one) => one.lines.some((line) => line === view.now));
  const shown = groups.slice(here >= 0 ? here : Math.max(0, groups.findIndex((one) => one.lines.some((line) => line.at_ms == null))));
  if (shown.length) shown[0].sku ||= view.product;
  return shown;
}

const after = (order, sku) => { const at = order.indexOf(sku); return [...order.slice(at + 1), ...order.slice(0, at + 1)]; };
const tile = (one) => (one.picture ? el("img", { src: one.picture, alt: "", loading: "lazy" }) : el("span.ava.c4", { "aria-hidden": "true" }, [...one.name][0]));

function header(sku, on) {
  const one = run.view.products.find((product) => product.sku === sku);
  if (!one) return "";
  return el("li.item", { "aria-current": on ? "true" : false },
    tile(one), el("b.ellipsis", { title: one.name }, one.name),
    el("span.num.grow.row.figures2", {}, one.price ? el("b.cost", {}, "¥" + one.price) : "", one.stock !== null ? el("span.hint", {}, `余 ${one.stock}`) : ""),
    on ? tagOf(["jade", "讲解中"], "wave") : state.mayAct ? el("button.btn.sm", { type: "button", "aria-label": "讲这件：" + one.name, click: () => jumpTo(sku) }, "讲这件") : "");
}

function cue(line, on) {
  const time = line.at_ms ? new Date(line.at_ms).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false }) : "";
  return el("li.cue" + (on ? ".on" : line.at_ms ? ".past" : ""), { "aria-current": on ? "step" : false },
    el("time.num", {}, time), el("span.tag" + (on ? ".solid" : ""), {}, (line.kind === "script" && PARTS[line.part]) || CUES[line.kind] || line.kind),
    el("div", {}, el("p", {}, line.text), line.question ? el("p.hint", {}, icon("chat"), " " + line.question) : ""));
}

const jumpTo = guarded(async (sku) => {
  const name = (run.view.products.find((one) => one.sku === sku) || {}).name || sku;
  drawRundown(await api(path("show"), { sku }));
  toast(here().state === "paused" ? `脚本暂停着，继续后讲${name}` : `说完这句就讲${name}`);
});
$("jump").addEventListener("click", () => jumpTo($("jump").dataset.sku));

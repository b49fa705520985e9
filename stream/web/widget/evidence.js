// What an answer rests on: a button a source, its words on demand.
function evidence(citations, say) {
  const quote = el("blockquote.zg-quote", { hidden: true });
  const buttons = [];
  const names = new Set();
  for (const cite of citations) {
    const name = sourceName(cite, say);
    if (names.has(name)) continue;
    names.add(name);
    const button = el("button.cite", { type: "button", "aria-expanded": "false", click: () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      buttons.forEach((one) => one.setAttribute("aria-expanded", "false"));
      button.setAttribute("aria-expanded", String(open));
      quote.hidden = !open;
      quote.replaceChildren(el("p", {}, cite.quote), el("footer", {}, [cite.file, cite.sheet, cite.page != null && say("page", { n: cite.page }), cite.line != null && say("row", { n: cite.line })].filter(Boolean).join(" · ")));
      if (open) quote.scrollIntoView({ block: "nearest" });
    } }, icon("file", "xs"), el("span.ellipsis", {}, name));
    buttons.push(button);
  }
  return el("div.zg-cites", {}, el("div.cites", { role: "group", "aria-label": say("evidence") }, ...buttons), quote);
}

// "care-guide.pdf", page 2 → "care-guide · 第 2 页"
function sourceName(cite, say) {
  const stem = cite.file.split("/").pop().replace(/\.\w{1,5}$/, "");
  const where = cite.page != null ? say("page", { n: cite.page }) : cite.line != null ? say("row", { n: cite.line }) : "";
  return [cite.sheet && !/^sheet\d*$/i.test(cite.sheet) ? cite.sheet : stem, where].filter(Boolean).join(" · ");
}

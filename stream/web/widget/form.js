// The lead form card: says what the contact is for before it asks, and what is wrong with a number in words.
const SHORT = new Set(["name", "city", "budget", "quantity", "party_size", "store"]);
const REACH = ["phone", "wechat", "qq", "email", "landline"];
const KEYBOARD = { phone: "tel", landline: "tel", qq: "numeric", quantity: "numeric", party_size: "numeric", email: "email" };
const FILL = { name: "name", phone: "tel-national", email: "email", city: "address-level2" };

function halfWidth(text) {
  return text.replace(/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff20\uff0b\uff0d]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0));
}

// What is wrong with a field, as a sentence; "" when nothing is.
function fault(field, raw, say) {
  const value = halfWidth(raw).trim();
  if (!value) return "";
  if (field === "phone") {
    const digits = value.replace(/^\+?86(?=\D*1)/, "").replace(/\D/g, "");
    if (digits.length < 11) return say("phoneShort", { n: 11 - digits.length });
    if (digits.length > 11) return say("phoneLong", { n: digits.length - 11 });
    return /^1[3-9]/.test(digits) ? "" : say("phoneBad");
  }
  if (field === "email") return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value) ? "" : say("mailBad");
  if (field === "wechat") return /^(1[3-9]\d{9}|[A-Za-z][\w-]{5,19})$/.test(value) ? "" : say("wechatBad");
  return "";
}

// item: {fields, purpose, policy_version, share}; on: submit(values, share), decline().
function formCard(item, key, say, on) {
  const inputs = {};
  const id = (name) => `zg-${key}-${name}`;
  const field = (name) => {
    const hint = el("p.hint.bad", { id: id(name + "-e"), hidden: true });
    const input = (inputs[name] = el("input.input", {
      id: id(name), name, maxlength: 100, inputmode: KEYBOARD[name], autocomplete: FILL[name] || "off", "aria-describedby": id(name + "-e"),
      // Later, so that the hint does not push the button away from under the finger that is pressing it.
      blur: () => setTimeout(() => check(name), 300), input: () => input.getAttribute("aria-invalid") && check(name),
    }));
    input.note = hint;
    return el("div.field", {}, el("label", { for: id(name) }, say(name)), input, hint);
  };
  const tell = (input, text) => {
    input.note.replaceChildren(...(text ? [icon("alert", "xs"), text] : []));
    input.note.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
    return !text;
  };
  const check = (name) => tell(inputs[name], fault(name, inputs[name].value, say));

  const rows = [];
  for (const name of item.fields) {
    const last = rows[rows.length - 1];
    if (SHORT.has(name) && last && last.open) { last.append(field(name)); last.open = false; }
    else if (SHORT.has(name)) { const row = el("div.two", {}, field(name)); row.open = true; rows.push(row); }
    else rows.push(field(name));
  }
  rows.forEach((row) => row.open && row.classList.remove("two"));
  const box = el("input", { type: "checkbox", id: id("consent"), "aria-describedby": id("consent-e") });
  box.note = el("p.hint.bad", { id: id("consent-e"), hidden: true });
  box.addEventListener("change", () => box.checked && tell(box, ""));
  const pass = el("input", { type: "checkbox", id: id("share") });
  const send = el("button.btn.primary.big.grow", { type: "submit" }, item.purpose === say("callback") ? say("submitCall") : say("submit"));
  const consent = el("span", {}, say("consent"));
  if (item.policy_version) consent.append(el("span.muted", {}, say("policy", { v: item.policy_version })));

  return el("form.formcard", {
    novalidate: true, "aria-labelledby": id("t"),
    submit(event) {
      event.preventDefault();
      const good = item.fields.map(check).every(Boolean);
      const values = Object.fromEntries(item.fields.map((name) => [name, halfWidth(inputs[name].value).trim()]).filter(([, value]) => value));
      const reach = item.fields.filter((name) => REACH.includes(name));
      const reached = reach.some((name) => values[name]);
      if (good && !reached && reach.length) tell(inputs[reach[0]], say("needOne"));
      const agreed = tell(box, box.checked ? "" : say("tick"));
      if (good && reached && agreed) on.submit(values, pass.checked);
      else (event.target.querySelector("[aria-invalid]") || box).focus();
    },
  },
    el("h4", { id: id("t") }, item.purpose === say("callback") ? say("leavePhone") : item.purpose),
    ...rows,
    el("div", {}, el("label.check", { for: id("consent") }, box, consent), box.note),
    item.share ? el("label.check", { for: id("share") }, pass, el("span", {}, say("share"))) : "",
    el("div.row", {}, send, el("button.btn.ghost.big", { type: "button", click: () => on.decline() }, say("decline"))));
}

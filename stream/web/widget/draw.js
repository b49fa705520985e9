// Small helpers that make nodes; text is only ever set as text.
const ICONS = {
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
  chat: '<path d="M4 5.500h16v11H11l-4.500 3.500v-3.500H4z"/><path d="M8.500 11h.01M12 11h.01M15.500 11h.01" stroke-width="2.200"/>',
  headset: '<path d="M4 14v-2a8 8 0 0116 0v2M4 14.500A1.500 1.500 0 015.500 13H7v6H5.500A1.500 1.500 0 014 17.500zM20 14.500a1.500 1.500 0 00-1.500-1.500H17v6h1.500a1.500 1.500 0 001.500-1.500zM19 19c-1 1.500-2.800 2-5 2"/>',
  down: '<path d="M6 9.500l6 6 6-6"/>',
  spark: '<path d="M12 3.500c.8 4.700 2.800 6.700 7.500 7.500-4.700.8-6.700 2.800-7.500 7.500-.8-4.700-2.800-6.700-7.500-7.500 4.700-.8 6.700-2.800 7.500-7.500zM19 16.500v4M17 18.500h4"/>',
  wifi: '<path d="M3 3l18 18M5 12.500a10 10 0 014-2.400M2.500 9A14 14 0 016 6.500M19 12.500a10 10 0 00-3.500-2.200M21.500 9A14 14 0 0011 5.100M8.500 16a5 5 0 017 0M12 19.500h.01"/>',
  file: '<path d="M6 3.500h8l4.500 4.500v12.500H6zM13.500 3.500V8.500h5M9 13h6M9 16.500h4"/>',
  hand: '<path d="M8 12V5.500a1.500 1.500 0 013 0V11m0-6.500a1.500 1.500 0 013 0V11m0-4.500a1.500 1.500 0 013 0V14c0 4-2.500 6.500-6 6.500-2.700 0-4.300-1.200-5.500-3.500L3.800 13.500a1.400 1.400 0 012.300-1.500L8 14"/>',
  check: '<path d="M5 12.500l4.500 4.500L19 7.500"/>',
  clock: '<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500V12l3 2"/>',
  alert: '<path d="M12 4l9 15.500H3z"/><path d="M12 10v4.500M12 17h.01"/>',
  refresh: '<path d="M20 11a8 8 0 00-14.300-4L4 8.500M4 4.500v4h4M4 13a8 8 0 0014.300 4l1.700-1.500M20 19.500v-4h-4"/>',
  phone: '<path d="M5 4.500h4l1.500 4.500-2.300 1.800a12 12 0 005 5l1.800-2.300 4.500 1.500v4c0 .6-.5 1-1 1C10.500 20 4 13.500 4 5.500c0-.5.400-1 1-1z"/>',
  send: '<path d="M12 19V6M6 11.500L12 5.500l6 6"/>',
  up: '<path d="M7 11v9H4v-9zM7 11l4-7c1.500 0 2.500 1 2.500 2.500V10H19a1.800 1.800 0 011.800 2.200l-1.300 6A2.300 2.300 0 0117.300 20H7"/>',
  no: '<path d="M7 13V4H4v9zM7 13l4 7c1.500 0 2.500-1 2.500-2.500V14H19a1.800 1.800 0 001.800-2.200l-1.300-6A2.300 2.300 0 0017.300 4H7"/>',
};

// el("p.bubble.me", {role: "note"}, "text", child, …): attributes that are functions become listeners.
function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}

function icon(name, size = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "i " + size);
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = ICONS[name];
  return svg;
}

// Prices stand out, everything else is plain text.
function prose(text) {
  return text.split(/([¥￥]\s?\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?\s?元)/).map((part, index) => (index % 2 ? el("b.num", {}, part) : part));
}

// The front door: light or dark, and copying a command.
"use strict";
const dark = (on) => { document.documentElement.dataset.theme = on ? "dark" : "light"; };
const wished = localStorage.getItem("zg-theme");
dark(wished ? wished === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
document.getElementById("theme").addEventListener("click", () => {
  dark(document.documentElement.dataset.theme !== "dark");
  localStorage.setItem("zg-theme", document.documentElement.dataset.theme);
});
for (const button of document.querySelectorAll("[data-copy]")) {
  // The clipboard is there on this machine and over HTTPS only.
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const use = button.querySelector("use");
    try {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      use.setAttribute("href", "/web/icons.svg#i-check");
    } catch {
      use.setAttribute("href", "/web/icons.svg#i-alert");
    }
    setTimeout(() => use.setAttribute("href", "/web/icons.svg#i-copy"), 1500);
  });
}

// Light, dark or as the system says: shown at once, stored with the account.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("has-script");

  function show(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    show(theme);
    for (const button of form.querySelectorAll("[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    const body = new FormData(form);
    body.set("theme", theme);
    await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => undefined);
  });

  // One menu at a time, and Escape closes what is open.
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.menu[open], details.ask[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll("details.menu[open], details.ask[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-toggle-filters]");
    if (!toggle) return;
    toggle.setAttribute("aria-expanded", String(toggle.closest("form").classList.toggle("is-open")));
  });
  document.addEventListener("DOMContentLoaded", () => {
    const first = document.querySelector("[data-focus-first]");
    if (first) first.focus();
  });
})();

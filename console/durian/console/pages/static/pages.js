// What HTML alone cannot do: moments by the reader's clock, copying, and resting in the background.
"use strict";

(() => {
  const two = (number) => String(number).padStart(2, "0");

  function told(at, short) {
    const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
    const today = new Date();
    const isToday = at.toDateString() === today.toDateString();
    if (short) return clock;
    const day = at.toLocaleDateString("en", { day: "numeric", month: "short" });
    const year = at.getFullYear() === today.getFullYear() ? "" : ` ${at.getFullYear()}`;
    return isToday ? `${clock}:${two(at.getSeconds())}` : `${day}${year} ${clock}`;
  }

  function tellMoments(root) {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      element.title = at.toLocaleString("en", { dateStyle: "full", timeStyle: "long" });
      element.textContent = told(at, "short" in element.dataset);
    }
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl-C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  // A matcher that takes no value needs no field for one.
  function fitConditions(root) {
    for (const select of root.querySelectorAll("select[data-matcher]")) {
      const chosen = select.selectedOptions[0].dataset;
      select.dataset.arity = chosen.arity;
      select.closest(".condition").querySelector(".condition-value").placeholder = chosen.example;
    }
  }

  // The box in the head of a table stands for those in its rows.
  function chooseAll(box) {
    for (const one of box.form.querySelectorAll(`input[name="${box.dataset.all}"]`)) one.checked = box.checked;
  }

  function prepare(root) {
    tellMoments(root);
    fitConditions(root);
    for (const element of root.querySelectorAll("[data-copy], [data-all]")) element.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:afterSwap", (event) => prepare(event.target.parentElement ?? document));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-matcher]")) fitConditions(document);
    if (event.target.matches("input[data-all]")) chooseAll(event.target);
    if (event.target.matches("select[data-go]")) event.target.form.requestSubmit();
  });
  // A page that nobody looks at asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
})();

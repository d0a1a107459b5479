"use strict";
// The language of a page: its switch, and what its script says. Comes before the page's own script.
function bilingual(data, changed) {
  const page = document.documentElement;

  function choose(language) {
    page.lang = language;
    document.title = data.titles[language];
    for (const button of document.querySelectorAll("button[data-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === language));
    }
    for (const element of document.querySelectorAll("[data-en]")) {
      if (element.tagName === "INPUT") element.placeholder = element.dataset[language];
      else element.textContent = element.dataset[language];
    }
    changed();
  }

  for (const button of document.querySelectorAll("button[data-lang]")) {
    button.addEventListener("click", () => choose(button.dataset.lang));
  }
  return (key, values) => data.said[page.lang][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

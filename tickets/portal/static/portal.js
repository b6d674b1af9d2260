// Comfort for the portal's pages, all of which work without it.
(() => {
  "use strict";
  const lang = document.documentElement.lang;

  // Times in the reader's own zone, and in their own variety of the page's language.
  const variety = navigator.languages.find((l) => l.split("-")[0] === lang) ?? lang;
  const format = new Intl.DateTimeFormat(variety, { dateStyle: "medium", timeStyle: "short" });
  for (const node of document.querySelectorAll("time[datetime]")) {
    const at = new Date(node.dateTime);
    if (!Number.isNaN(at.getTime())) {
      node.title = node.textContent;
      node.textContent = format.format(at);
    }
  }

  // A form is sent once, until its page is shown again.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Files that the server would refuse are named before they are sent.
  for (const input of document.querySelectorAll('input[type="file"][data-bytes]')) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      const sum = files.reduce((n, f) => n + f.size, 0);
      let text = "";
      if (files.length > Number(input.dataset.most)) text = input.dataset.tooMany;
      else if (sum > Number(input.dataset.bytes)) text = input.dataset.tooLarge;
      input.setCustomValidity(text);
      let note = document.getElementById(`${input.id}-note`);
      if (!note) {
        note = document.createElement("p");
        note.id = `${input.id}-note`;
        note.className = "error";
        note.setAttribute("role", "alert");
        input.before(note);
      }
      note.textContent = text;
      note.hidden = !text;
    });
    input.form.addEventListener("submit", (event) => {
      if (!input.validity.customError) return;
      event.preventDefault();
      delete input.form.dataset.sent;
      input.focus();
    });
  }

  // Sub-services follow the service at once.
  const service = document.querySelector("select[data-parts]");
  const parts = service && document.getElementById(service.dataset.parts);
  if (parts) {
    document.querySelector("[data-without-script]").hidden = true;
    let asked = 0;
    service.addEventListener("change", async () => {
      const mine = ++asked;
      parts.replaceChildren();
      if (!service.value) return;
      try {
        const answer = await fetch(`/portal/tickets/new?service=${encodeURIComponent(service.value)}`, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(parts.id);
        if (mine === asked && answer.ok && fresh) parts.replaceChildren(...fresh.children);
      } catch {
        document.querySelector("[data-without-script]").hidden = false;
      }
    });
  }

  // Mistakes are announced where they are listed.
  const errors = document.querySelector(".errors");
  if (errors) {
    errors.tabIndex = -1;
    errors.focus();
  }
})();

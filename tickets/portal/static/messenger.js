// Boots the Intercom Messenger with the settings that the page carries, and shuts
// it down when the user signs out. Pages without settings do not load this file.
(() => {
  "use strict";
  const node = document.querySelector('head > script#messenger-settings[type="application/json"]');
  if (!node) return;
  const { end, ...settings } = JSON.parse(node.textContent);

  // Calls are kept until Intercom's own script takes over.
  const intercom = function () {
    intercom.c(arguments);
  };
  intercom.q = [];
  intercom.c = (args) => intercom.q.push(args);
  window.Intercom = intercom;

  const load = () => {
    const script = document.createElement("script");
    script.async = true;
    script.src = `https://widget.intercom.io/widget/${encodeURIComponent(settings.app_id)}`;
    document.head.append(script);
  };

  if (end) {
    window.Intercom("shutdown");
    forget(settings.app_id);
    load();
    return;
  }
  window.intercomSettings = settings;
  load();
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/portal/sign-out") window.Intercom("shutdown");
  });

  // forget takes away the cookies by which the Messenger would know the user
  // again, should its own script not come.
  function forget(app) {
    const labels = location.hostname.split(".");
    const domains = ["", ...labels.map((_, i) => `; domain=${labels.slice(i).join(".")}`)];
    for (const name of [`intercom-session-${app}`, `intercom-id-${app}`]) {
      for (const domain of domains) document.cookie = `${name}=; path=/; max-age=0${domain}`;
    }
  }
})();

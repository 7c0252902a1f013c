// Copyright (c) 2026, h444.cloud contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Asks the simulator each second for what has changed, and shows it. Every text of the account goes in as a text.
"use strict";
(() => {
  const POLL_MS = 1000, MOST_ROWS = 500, HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS;
  const marks = { account: "", requests: "" };
  const at = (id) => document.getElementById(id);
  let account = null, now = 0, timer = 0, sent = 0;

  // Parts of a cell

  const part = (text, name, tag = "span") => ({ text: String(text), name, tag });
  const tag = (text, kind = "") => part(text, `tag ${kind}`.trim());
  const cell = (parts, name = "") => ({ parts: [parts].flat().map((one) => one.text === undefined ? part(one, "") : one), name });
  const head = (parts, name = "name") => ({ ...cell(parts, name), isHead: true });
  const fit = (text) => text.length <= 28 ? "keep" : "long"; // no break at a hyphen where there is room
  const money = (cents) => (cents < 0 ? "-$" : "$") + (Math.abs(cents) / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
  const price = (cents) => cents === null ? "unknown" : money(cents);
  const plural = (count, word) => `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;

  const WORDS = { running: "good", active: "good", issued: "good", provisioning: "warn", stopped: "", paused: "", suspended: "bad" };
  const status = (word) => tag(word, WORDS[word.toLowerCase()] ?? "warn");

  // A table follows its rows: what is the same stays, so that focus, selection and scrolling do

  const fillRow = (tr, cells, name) => {
    const wanted = JSON.stringify([cells, name]);
    if (tr.dataset.shows === wanted) return;
    tr.dataset.shows = wanted;
    tr.className = name;
    tr.replaceChildren(...cells.map(({ parts, name, isHead }) => {
      const td = document.createElement(isHead ? "th" : "td");
      if (isHead) td.scope = "row";
      td.className = name;
      parts.forEach((one, number) => {
        if (number) td.append(" ");
        const element = one.name ? document.createElement(one.tag) : document.createTextNode(one.text);
        if (one.name) {
          element.className = one.name;
          element.textContent = one.text;
          if (one.title) element.title = one.title;
        }
        td.append(element);
      });
      return td;
    }));
  };
  const tables = {};
  const showTable = (id, rows, cellsOf, keyOf = (row) => row.id) => {
    const section = at(id), body = section.querySelector("tbody"), old = tables[id] ?? new Map(), next = new Map();
    let before = body.firstElementChild;
    for (const row of rows) {
      const key = keyOf(row), tr = old.get(key) ?? document.createElement("tr");
      old.delete(key);
      next.set(key, tr);
      fillRow(tr, cellsOf(row), row.rowName ?? "");
      if (tr === before) before = before.nextElementSibling;
      else body.insertBefore(tr, before);
    }
    for (const tr of old.values()) tr.remove();
    tables[id] = next;
    section.querySelector(".empty").hidden = rows.length > 0;
    section.querySelector(".scroll").hidden = rows.length === 0;
    const count = at(`n-${id}`);
    if (count) count.textContent = rows.length.toLocaleString("en-US");
  };
  const sum = (id, text) => { at(id).querySelector(".sum").textContent = text; };

  // The account

  const serverCells = (row) => {
    const [first, ...others] = row.addresses, records = row.addresses.filter((one) => one.ptr);
    return [
      head([
        row.label ?? "",
        ...row.addresses.map((one) => part(one.ip, "note narrow")),
        ...records.map((one) => part(one.ptr, "note narrow")),
      ]),
      cell([part(first ? first.ip : "none", "keep"), ...others.map((one) => part(one.ip, "note keep"))], "wide"),
      cell(status(row.status)),
      cell(row.plan_slug, "wide keep"),
      cell([price(row.usd_cents), part(row.plan_slug, "note narrow")], "number"),
      cell(records.length ? records.map((one, place) => part(one.ptr, (place ? "note " : "") + fit(one.ptr))) : part("none", "note"), "wide host"),
    ];
  };
  const days = (stamp) => Math.ceil((Date.parse(stamp) - now) / DAY_MS);
  const expiry = (row) => {
    const left = days(row.expires_at), date = part(row.expires_at.slice(0, 10), "keep");
    if (left < 0) return [date, tag("expired", "bad")];
    return left <= 30 ? [date, tag(`in ${plural(left, "day")}`, left <= 7 ? "bad" : "warn")] : [date];
  };
  const signed = (row) => (row.kind === "debit" ? "-" : "+") + money(row.amount_usd_cents);
  const showAccount = () => {
    const { servers, hosting, domains, webhooks, ledger, switches, faults } = account;
    const scenario = account.scenario ? `scenario ${account.scenario}` : "an exported account";
    at("about").textContent = `${location.origin}/v1, ${scenario}, ${account.email}`;
    at("balance").textContent = money(account.balance_usd_cents);
    at("monthly").textContent = money(account.monthly_usd_cents);
    const months = Math.floor(account.balance_usd_cents / account.monthly_usd_cents);
    at("lasts").textContent = account.monthly_usd_cents ? (months < 1 ? "less than a month" : plural(months, "month")) : "as long as you like";
    showTable("servers", servers, serverCells);
    const counts = {};
    servers.forEach((row) => { counts[row.status] = (counts[row.status] ?? 0) + 1; });
    sum("servers", Object.entries(counts).map(([word, count]) => `${count} ${word}`).join(", "));
    showTable("hosting", hosting, (row) => [
      head([row.domain ?? "", part(`${row.username}, PHP ${row.php_version}`, "note narrow")]), cell(row.username, "wide faint"), cell(status(row.status)),
      cell(row.php_version, "wide keep"),
      cell(row.plan_slug, "wide"), cell(price(row.usd_cents), "number"),
    ]);
    const suspended = hosting.filter((row) => row.status === "suspended").length;
    sum("hosting", suspended ? `${suspended} suspended` : "");
    showTable("domains", domains, (row) => [
      head(row.name), cell(status(row.status)), cell(expiry(row)),
      cell(row.auto_renew ? "automatic" : "by hand", "wide keep"), cell(row.nameservers.join(", "), "wide faint host"),
    ]);
    const soon = domains.filter((row) => days(row.expires_at) <= 30).length;
    sum("domains", soon ? `${soon} expire within 30 days` : "");
    showTable("webhooks", webhooks, (row) => [
      head([row.url, part(row.events.join(", "), "note narrow")], "long"), cell(status(row.status)),
      cell(row.events.join(", "), "wide faint"),
    ]);
    showTable("ledger", ledger, (row) => [
      cell(row.created_at.slice(0, 10), "keep faint"), head(row.description, "long"), cell(signed(row), "number"),
      cell(money(row.balance_after_usd_cents), "number faint wide"),
    ]);
    showTable("faults", faults.map((row, id) => ({ ...row, id })), (row) => [
      cell(row.method === "*" ? "any" : row.method, "method"), head(part(row.path === "*" ? "any path" : row.path, "exact"), "path"),
      cell([tag(faultName(row), "warn"), ...(row.when === "after" ? [part("carried out first", "note")] : [])]),
      cell(meets(row), "faint"),
    ]);
    sum("faults", faults.some((row) => row.every) ? "some come back again and again" : "");
    showSwitches(switches);
    showSignIns(account.sign_ins);
    alarm();
  };
  const faultName = (row) => row.kind + (row.status ? ` ${row.status}` : "") + (row.seconds ? ` ${row.seconds} s` : "");
  const meets = (row) => {
    const left = row.nth - row.seen;
    const which = row.every ? `every ${ordinal(row.every)}` : left > 1 ? `the ${ordinal(left)} from now` : "the next";
    const times = !row.every && row.times > 1 ? `, ${row.times} in all` : "";
    return which + times;
  };
  const ordinal = (number) => number + ({ 1: "st", 2: "nd", 3: "rd" }[number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] ?? "th");

  const showSwitches = (switches) => {
    const all = at("all-switches").getAttribute("aria-pressed") === "true";
    const changed = switches.filter((row) => row.value !== row.usual);
    showTable("switches", all ? switches : changed, (row) => [
      head([part(row.name, "exact"), part(row.silence, "note narrow")], "long"),
      cell(row.value === row.usual ? part(row.value, "exact") : [tag(row.value, "warn"), part(`usually ${row.usual}`, "note")]),
      cell(row.silence, "wide faint"),
    ], (row) => row.name);
    sum("switches", changed.length ? `${changed.length} of ${switches.length} changed` : "");
  };
  at("all-switches").addEventListener("click", (event) => {
    const all = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(all));
    if (account) showSwitches(account.switches);
  });

  // Sign-ins

  const signIns = new Map();
  const showSignIns = (rows) => {
    const list = at("sign-ins").querySelector("ul"), codes = new Set(rows.map((row) => row.user_code));
    for (const [code, item] of signIns) {
      if (!codes.has(code)) {
        item.remove();
        signIns.delete(code);
      }
    }
    for (const row of rows.filter((row) => !signIns.has(row.user_code))) {
      const item = document.createElement("li"), code = document.createElement("span"), who = document.createElement("span");
      code.className = "code";
      code.textContent = row.user_code;
      who.className = "who";
      who.textContent = `${row.client} asks for ${row.scopes.join(", ")}`;
      item.append(code, who, decision(row, "Approve", "approve", item), decision(row, "Deny", "deny", item));
      list.append(item);
      signIns.set(row.user_code, item);
    }
    at("sign-ins").hidden = rows.length === 0;
  };
  const decision = (row, text, verb, item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", `${text} ${row.user_code}`);
    if (verb === "approve") button.className = "first";
    button.addEventListener("click", async () => {
      item.querySelectorAll("button").forEach((one) => { one.disabled = true; });
      let worked = false;
      try {
        const headers = { "Content-Type": "application/json" };
        const body = JSON.stringify({ user_code: row.user_code });
        worked = (await fetch(`/_sim/oauth/${verb}`, { method: "POST", headers, body })).ok;
      } catch { /* said below */ }
      say(worked ? `${row.user_code} is ${verb === "approve" ? "approved" : "denied"}.` : `${row.user_code} could not be decided.`);
      item.querySelectorAll("button").forEach((one) => { one.disabled = false; });
      poll();
    });
    return button;
  };
  const say = (text) => {
    at("said").textContent = text;
    at("said").hidden = false;
    at("said").focus(); // the button that was pressed goes away
  };

  // Requests

  const IDS = /([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  let requests = new Map(), total = 0;
  const showRequests = (answer) => {
    if (answer.is_new) {
      requests = new Map();
      total = 0;
    }
    if (!answer.rows.length && !answer.is_new) return;
    answer.rows.forEach((row) => {
      requests.set(row.n, row);
      total = Math.max(total, row.n);
    });
    const newest = [...requests.values()].sort((a, b) => b.n - a.n).slice(0, MOST_ROWS);
    requests = new Map(newest.map((row) => [row.n, row]));
    showTable("requests", newest.map((row) => ({ ...row, rowName: row.method === "GET" ? "" : "write" })), requestCells, (row) => row.n);
    at("n-requests").textContent = total.toLocaleString("en-US");
    sum("requests", total > newest.length ? `the last ${newest.length} of ${total.toLocaleString("en-US")}` : "");
  };
  const reply = (row) => {
    if (row.status === null) return row.open ? tag("waiting") : tag("no reply", "bad");
    return tag(row.status, row.status < 300 ? "good" : row.status < 500 ? "warn" : "bad");
  };
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
  const requestCells = (row) => [
    cell(clock(row.at), "keep faint wide"),
    cell(row.method, "method"),
    head([
      { ...part(row.path.replace(IDS, "$1\u2026"), "exact"), title: row.path },
      ...(row.mcp ? [part(`MCP: ${row.mcp}`, "note")] : []),
    ], "path"),
    cell(reply(row)),
    cell(row.fault ? [tag(row.fault, "warn"), ...(row.effect && row.fault !== "delay" ? [part("carried out", "note keep")] : [])] : ""),
  ];

  // Asking

  let lost = false;
  const alarm = () => {
    const broken = account ? account.contract_broken : 0;
    at("alarm").hidden = !lost && !broken;
    at("alarm").textContent = lost
      ? "The simulator does not answer. This page goes on as soon as it does."
      : broken ? `${plural(broken, "reply").replace("replys", "replies")} broke the contract; the terminal of the simulator says why.` : "";
  };
  const poll = async () => {
    const mine = ++sent;
    clearTimeout(timer);
    try {
      const response = await fetch(`/_sim/overview?${new URLSearchParams(marks)}`, { cache: "no-store" });
      if (!response.ok) throw new Error(response.status);
      const answer = await response.json();
      if (mine !== sent) return;
      lost = false;
      const hour = Math.floor(now / HOUR_MS);
      now = Date.parse(answer.now);
      at("clock").textContent = answer.now.slice(0, 19).replace("T", " ");
      marks.account = answer.account.mark;
      marks.requests = answer.requests.mark;
      if (answer.account.shown) {
        account = answer.account.shown;
        showAccount();
      } else if (account && hour !== Math.floor(now / HOUR_MS)) {
        showAccount(); // what expires soon
      }
      showRequests(answer.requests);
    } catch {
      lost = true;
    }
    if (mine !== sent) return;
    alarm();
    if (!document.hidden) timer = setTimeout(poll, POLL_MS);
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  poll();
})();

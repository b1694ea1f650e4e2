/* SPDX-License-Identifier: MIT */
/* Filters the runs, opens what a link leads to, and puts two runs side by side. Texts are only ever set as text. */
"use strict";
(() => {
	const by = id => document.getElementById(id);
	const all = (selector, from = document) => [...from.querySelectorAll(selector)];
	const make = (name, text, className) => {
		const e = document.createElement(name);
		e.textContent = text;
		if (className)
			e.className = className;
		return e;
	};

	/* ---- filter ---- */
	const filter = () => {
		const failed = by("only-failed").checked, words = by("text").value.toLowerCase();
		const fits = e => (!failed || e.dataset.verdict !== "pass") && e.textContent.toLowerCase().includes(words);
		const rows = all("table.runs tbody tr"), runs = all("details.run");
		let shown = 0;
		runs.forEach((run, i) => {
			const yes = fits(run);
			run.hidden = rows[i].hidden = !yes;
			shown += yes;
		});
		all("table.tests tbody tr").forEach(row => { row.hidden = failed && row.dataset.verdict === "pass"; });
		by("shown").textContent = `${shown} of ${runs.length} runs`;
	};
	by("filter").hidden = false;
	by("filter").addEventListener("submit", e => e.preventDefault());
	by("filter").addEventListener("input", filter);
	filter();

	/* ---- links ---- */
	const reveal = () => {
		const target = location.hash && by(location.hash.slice(1));
		if (!target)
			return;
		for (let e = target; e; e = e.parentElement)
			if (e.tagName === "DETAILS")
				e.open = true;
		target.hidden = false;
		target.scrollIntoView();
		const focus = target.querySelector("summary") || target;
		focus.focus({preventScroll: true});
	};
	addEventListener("hashchange", reveal);
	reveal();

	/* ---- two runs ---- */
	if (!by("pair"))
		return;
	const figures = n => {
		const found = new Map();
		all(".figures > div", by(`r${n}`)).forEach(div => {
			const [dt, dd] = div.children;
			found.set(`${div.dataset.group}\n${dt.textContent}`, {text: dd.textContent, value: dd.dataset.value});
		});
		return found;
	};
	const change = (a, b) => {
		if (!a || !b)
			return a ? "only in A" : "only in B";
		if (a.text === b.text && a.value === b.value)
			return "the same";
		if (a.value === undefined || b.value === undefined || !(a.value > 0))
			return "differs";
		const percent = (b.value - a.value) * 100 / a.value;
		return `${percent > 0 ? "▲ +" : percent < 0 ? "▼ −" : "±"}${Math.abs(percent).toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`;
	};
	const table = (group, rows) => {
		const t = make("table", "", "pairs"), body = document.createElement("tbody"), head = t.createTHead().insertRow();
		t.createCaption().textContent = group;
		["Figure", "A", "B", "Change"].forEach(text => { head.append(Object.assign(make("th", text), {scope: "col"})); });
		rows.forEach(({name, a, b, word}) => {
			const tr = body.insertRow();
			tr.append(Object.assign(make("th", name), {scope: "row"}), make("td", a ? a.text : "–"), make("td", b ? b.text : "–"),
				make("td", word, word === "the same" ? "" : "more"));
		});
		t.append(body);
		return t;
	};
	const compare = () => {
		const a = figures(by("left").value), b = figures(by("right").value), only = by("only-different").checked;
		const groups = new Map();
		new Set([...a.keys(), ...b.keys()]).forEach(key => {
			const [group, name] = key.split("\n"), word = change(a.get(key), b.get(key));
			if (only && word === "the same")
				return;
			if (!groups.has(group))
				groups.set(group, []);
			groups.get(group).push({name, a: a.get(key), b: b.get(key), word});
		});
		const tables = [...groups].map(([group, rows]) => table(group, rows));
		by("pairs").replaceChildren(...(tables.length ? tables : [make("p", "Nothing differs.")]));
	};
	by("pair").hidden = false;
	by("pair").addEventListener("submit", e => e.preventDefault());
	by("pair").addEventListener("input", compare);
	compare();
})();

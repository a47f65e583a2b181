"use strict";
{
  const data = JSON.parse(document.getElementById("leaderboard-levels").textContent);
  const table = document.getElementById(data.table);
  // sorting moves rows; this keeps the order that the data have
  const rows = [...table.tBodies[0].rows];
  const made = (tag, text, name) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const fill = (cell, [text, detail, value, marks, reason, status]) => {
    const parts = [status ? made("span", text, `tag ${status}`) : text];
    if (marks) parts.push(made("sup", marks));
    if (detail) parts.push(" ", made("small", detail));
    cell.replaceChildren(...parts);
    if (cell.dataset.v !== undefined) cell.dataset.v = value === null ? "" : String(value);
    if (reason && value === null) cell.title = reason;
    else cell.removeAttribute("title");
  };
  rows.forEach((row, place) => {
    const panel = document.getElementById(data.metrics[place].id);
    const link = made("a", "");
    link.href = `#${panel.id}`;
    link.append(...row.cells[0].childNodes);
    link.addEventListener("click", () => { panel.open = true; });
    row.cells[0].append(link);
  });

  const form = made("form", "", "filters");
  form.setAttribute("aria-label", "Filters of the leaderboard");
  const choice = (label, options) => {
    const select = document.createElement("select");
    select.append(...options.map(([value, text]) => new Option(text, value)));
    const field = made("label", label);
    field.append(select);
    form.append(field);
    return select;
  };
  const named = (all, names) => [["", all], ...Object.entries(names)];
  const explainer = choice("Explainer", named("All explainers", data.explainers));
  const dataset = choice("Data set", named("All data sets", data.datasets));
  const any = (values) => [["", "All"], ...values.map((value) => [value, value])];
  const chosen = data.filters.map(([label, key, values]) => [choice(label, any(values)), key]);
  const verdict = choice("Verdict", any(data.verdicts));
  const reset = made("button", "Show all");
  reset.type = "reset";
  const said = document.createElement("output");
  form.append(reset, said);
  table.parentElement.before(form);

  const show = () => {
    const level = data.levels[`${explainer.value}\n${dataset.value}`];
    let shown = 0;
    rows.forEach((row, place) => {
      const cells = level[place].map((index) => data.cells[index]);
      cells.forEach((cell, shift) => fill(row.cells[data.first + shift], cell));
      const metric = data.metrics[place];
      const fits = chosen.every(([select, key]) => !select.value || select.value === metric[key]);
      row.hidden = !fits || Boolean(verdict.value && verdict.value !== cells[0][0]);
      shown += row.hidden ? 0 : 1;
    });
    const where = [explainer, dataset].map((select) => select.selectedOptions[0].text).join(", ");
    said.textContent = `${shown} of ${rows.length} metrics. Figures: ${where}.`;
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  // fields have their first values again only after the event
  form.addEventListener("reset", () => setTimeout(show));
  show();
}

"""The report on a leaderboard, made from invented results with every verdict and trouble."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import pytest

from explaudit.cells import canonical_json
from explaudit.leaderboard.cast import ADVERSARIES
from explaudit.leaderboard.curves import GROUPS
from explaudit.leaderboard.explainers import EXPLAINERS
from explaudit.leaderboard.notes import access_needed, metric_note
from explaudit.leaderboard.results import (
    AdversaryNote,
    CurvePoint,
    Distribution,
    Estimate,
    LeaderboardResults,
    MetricNote,
    Score,
    TrialNote,
)
from explaudit.leaderboard.scores import RULES, verdict
from explaudit.leaderboard.steps import steps
from explaudit.metrics import Need, metric_specs
from explaudit.results import CellCount, DatasetNote, UnjudgedCell
from explaudit_reports.leaderboard import (
    build_leaderboard_report,
    write_leaderboard_html,
    write_leaderboard_pdf,
)
from explaudit_reports.leaderboard.drawing import Rung, draw_ladder
from explaudit_reports.leaderboard.pages import render_leaderboard_html
from explaudit_reports.leaderboard.provenance import command
from explaudit_reports.leaderboard.wording import (
    ACCESS,
    SIGNS,
    STATUSES,
    VERDICTS,
    Form,
    access_rank,
    metric_label,
)
from explaudit_reports.model import Cell, Definitions, Gallery, Report, Section, Table
from explaudit_reports.numbers import DASH, figure, interval
from explaudit_reports.pdf import render_pdf
from explaudit_reports.vocabulary import explainer_label

HOSTILE = '</script><script>alert(1)</script> a"b&c $x$ #foo *y* {{z}} \u202e'
FEW = ("lime", "occlusion", "matched_pairs", "random")
Role = Literal["honest", "attacked", "innocent"]
NOTHING = Estimate(value=None, low=None, high=None, n=0)


def draw(*key: str) -> float:
    """Return an invented number between 0 and 1 that depends on the key."""
    digest = hashlib.sha256("/".join(key).encode()).digest()
    return int.from_bytes(digest[:4], "little") / 2**32


def estimate(value: float, half: float, bounded: bool) -> Estimate:
    low, high = value - half, value + half
    if bounded:
        value, low, high = (min(max(number, 0.0), 1.0) for number in (value, low, high))
    return Estimate(value=value, low=low, high=high, n=20)


def invented_score(note: MetricNote, explainer: str, dataset: str) -> Score:
    """Return a score in which attacks win off the manifold, and not against what asks real rows."""
    quality = note.kind == "quality"
    deaf = explainer in ("matched_pairs", "linear_probe", "group_disparity", "imbalance")
    control = explainer in ("random", "constant") or (quality and deaf)
    base = 0.05 if deaf or note.manifold == "on" else 0.6
    middle = base + 0.4 * draw(note.name) * (not deaf) + 0.1 * draw(note.name, explainer, dataset)
    half = 0.06 + 0.2 * draw(note.name, explainer, dataset, "half") * bool(explainer or dataset)
    gone = control or note.name == "completeness_gap"
    worst = NOTHING if gone else estimate(middle, half, quality)
    broken = explainer == "occlusion" and quality
    below = estimate(0.9, 0.05, quality) if broken else NOTHING
    word, reason = verdict(worst, below, n_trials=6)
    return Score(
        metric=note.name,
        explainer=explainer,
        dataset=dataset,
        mean=NOTHING if gone else estimate(middle - 0.12, half / 2, quality),
        worst=worst,
        worst_adversary="" if gone else "imitating_metric_aware",
        fidelity=None if gone else 0.93,
        below_floor=below,
        random=estimate(0.3 * draw(note.name, "random"), 0.1, True) if quality else NOTHING,
        n_counted=0 if gone else 5,
        n_planned=6,
        verdict=word,
        reason=reason,
    )


def invented_trial(dataset: str, explainer: str, adversary: str) -> TrialNote:
    deaf = explainer in ("matched_pairs", "linear_probe", "group_disparity", "neighbour_shap")
    moved = None if explainer in ("random", "constant", "imbalance") else 0.05 if deaf else 0.93
    broken = adversary == "smooth" and dataset == "german"
    fidelity = 0.812 if broken else 0.9 + 0.09 * draw(dataset, explainer, adversary)
    return TrialNote(
        dataset=dataset,
        explainer=explainer,
        adversary=adversary,
        attack_setting=f"{adversary}/rows",
        fidelity=fidelity,
        moved=moved,
        broken=f"fidelity {fidelity:.3f} is below 0.9" if broken else "",
        deceives=moved is not None and moved >= 0.25,
    )


def invented_spreads(metrics: list[MetricNote]) -> Iterator[Distribution]:
    models: tuple[Role, ...] = ("honest", "attacked", "innocent")
    for note in metrics:
        for place, model in enumerate(models):
            start = draw(note.name, model) + place
            quantiles = [start + step for step in (0.0, 0.2, 0.5, 0.9, 1.4)]
            there = note.name != "completeness_gap"
            yield Distribution(
                metric=note.name, model=model, quantiles=quantiles if there else [], n=240 * there
            )


def invented_curves(datasets: tuple[str, ...]) -> Iterator[CurvePoint]:
    """Return curves that rise with what is given up, undefined for quality at their first step."""
    for step in steps(0.9):
        for of in ("sensitive_share", *GROUPS.values()):
            for dataset in ("", *datasets):
                blind = step.value == 64 and of != "sensitive_share"
                height = 0.1 + 0.8 * draw(of, step.setting, step.adversary)
                yield CurvePoint(
                    axis=step.axis,
                    explainer=step.explainer,
                    of=of,
                    dataset=dataset,
                    value=step.value,
                    fidelity=step.keep_real + 0.01,
                    gamed=NOTHING if blind else estimate(height, 0.1, of != "sensitive_share"),
                    deceived=0 if blind else 2,
                    n=2,
                )


def invented_dataset(name: str, title: str) -> DatasetNote:
    return DatasetNote(
        name=name,
        title=title,
        n_rows=6172,
        n_features=11,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        source="An invented source, for this test only.",
        licence="No licence: invented.",
        known_harms=f"Invented figures of {name} must not be read as statements about people.",
        sensitive="race",
        biased_rule="unfavourable iff race is X",
        innocuous_rule="unfavourable iff a fair coin shows 1",
        preparation="Numbers are standardised.",
    )


def invented_failures() -> list[UnjudgedCell]:
    """Return cells without a result, one of them with a hostile reason."""
    return [
        UnjudgedCell(
            cell_id=hashlib.sha256(reason.encode()).hexdigest()[:32],
            dataset="compas",
            model="attacked",
            attack_setting="plain/rows",
            explainer_setting="lime",
            replicate=replicate,
            reason=reason,
        )
        for replicate, reason in enumerate(("not run yet", "not run yet", f"refused {HOSTILE}"))
    ]


def known_metrics() -> list[MetricNote]:
    """Return what is known about every metric that a leaderboard judges."""
    return [
        metric_note(spec)
        for spec in metric_specs().values()
        if spec.direction != "none" and spec.kind != "cost"
    ]


def invented_results(
    explainers: tuple[str, ...] = FEW, datasets: dict[str, str] | None = None
) -> LeaderboardResults:
    """Return results in which no figure is real."""
    titles = datasets or {"compas": "COMPAS", "german": HOSTILE}
    metrics = known_metrics()
    return LeaderboardResults(
        versions={"explaudit": "0.1.0", "python": "3.11.7"},
        seed=7,
        settings={
            "preset": "standard",
            "datasets": list(titles),
            "own": None,
            "explainers": list(explainers),
            "metrics": None,
            "replicates": 5,
            "curve_replicates": 3,
            "n_rows": 12,
            "fidelity_floor": 0.9,
            "harm_tolerance": 0.2,
            "seed": 7,
        },
        rules={**RULES, "deceived": 0.25},
        datasets=[invented_dataset(name, title) for name, title in titles.items()],
        explainer_settings={
            name: msgspec.to_builtins(EXPLAINERS[name].part) for name in explainers
        },
        adversaries=[
            AdversaryNote(name=a.name, mechanism=a.mechanism, source=a.source, access=a.access)
            for a in ADVERSARIES.values()
        ],
        metrics=metrics,
        trials=[
            invented_trial(dataset, explainer, adversary)
            for dataset in titles
            for explainer in explainers
            for adversary in ADVERSARIES
        ],
        scores=[
            invented_score(note, explainer, dataset)
            for note in metrics
            for explainer in ("", *explainers)
            for dataset in ("", *titles)
        ],
        curves=list(invented_curves(tuple(titles))),
        distributions=list(invented_spreads(metrics)),
        cells=CellCount(planned=500, done=497, unjudged=invented_failures()),
        n_queries=1_234_567,
        seconds=98.7,
    )


class Page(HTMLParser):
    """A page as a list of (tag, attributes, text of the whole element), checked for nesting."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {[tag for tag, _ in self.open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, {k: v or "" for k, v in attrs}, text))
        if tag not in self.VOID:
            self.open.append((tag, text))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for _, text in self.open:
            text.append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]


@pytest.fixture(scope="module")
def results() -> LeaderboardResults:
    return invented_results()


@pytest.fixture(scope="module")
def report(results: LeaderboardResults) -> Report:
    return build_leaderboard_report(results)


@pytest.fixture(scope="module")
def paper(results: LeaderboardResults) -> Report:
    return build_leaderboard_report(results, "paper")


@pytest.fixture(scope="module")
def html(results: LeaderboardResults) -> str:
    return render_leaderboard_html(results)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def pdf(paper: Report) -> bytes:
    return render_pdf(paper)


def sections_of(report: Report) -> list[Section]:
    return [s for top in report.sections for s in (top, *top.sections)]


def tables_of(report: Report) -> list[Table]:
    return [b for s in sections_of(report) for b in s.blocks if isinstance(b, Table)]


def table_of(report: Report, table_id: str) -> Table:
    (table,) = [table for table in tables_of(report) if table.id == table_id]
    return table


def section_of(report: Report, section_id: str) -> Section:
    (section,) = [s for s in sections_of(report) if s.id == section_id]
    return section


def column(table: Table, header: str) -> dict[str, Cell]:
    """Return a column's cells by the first cell of their rows."""
    place = [c.header.replace("\N{NO-BREAK SPACE}", " ") for c in table.columns].index(header)
    return {row[0].text: row[place] for row in table.rows}


def embedded(html: str) -> dict[str, Any]:
    (found,) = re.findall(r'id="leaderboard-levels">(.*?)</script>', html, re.DOTALL)
    data = json.loads(found)
    assert isinstance(data, dict)
    return data


def figures_of(score: Score) -> list[tuple[float | None, str]]:
    """Return a score's figures in the order of the table: value and interval as text."""
    return [
        (found.value, "" if found.value is None else interval(found.low, found.high, "share"))
        for found in (score.worst, score.mean, score.below_floor, score.random)
    ]


def fidelity_of(score: Score) -> str:
    """Return what stands below a score's worst adversary."""
    return "" if score.fidelity is None else f"fidelity {figure(score.fidelity, 'share')}"


def level_faults(data: dict[str, Any], results: LeaderboardResults) -> list[str]:
    """Return where the page's figures are not those of the results."""
    faults = []
    places = {metric["id"]: place for place, metric in enumerate(data["metrics"])}
    for score in results.scores:
        row = data["levels"][f"{score.explainer}\n{score.dataset}"]
        cells = [data["cells"][i] for i in row[places[f"metric-{score.metric}"]]]
        verdict_, worst, mean, adversary, *others = cells
        found = [(cell[2], cell[1]) for cell in (worst, mean, *others)]
        texts = [cell[0] for cell in (worst, mean, *others)]
        expected = figures_of(score)
        said = (verdict_[0], *adversary[:2])
        worst_adversary = score.worst_adversary.replace("_", " ") or DASH
        if (
            found != expected
            or texts != [figure(value, "share") for value, _ in expected]
            or said != (score.verdict, worst_adversary, fidelity_of(score))
        ):
            faults.append(f"{score.metric} {score.explainer} {score.dataset}")
    return faults


def test_every_metric_is_everywhere(report: Report, results: LeaderboardResults) -> None:
    labels = [metric_label(note.name) for note in results.metrics]
    assert len(set(labels)) == len(labels) == len(results.metrics) > 60
    tables = [table_of(report, name) for name in ("leaderboard-table", "heat-1", "heat-2")]
    for table in tables:
        assert sorted(row[0].text for row in table.rows) == sorted(labels)
    panels = [s.id for s in section_of(report, "metrics").sections if s.folded]
    assert sorted(panels) == sorted(f"metric-{note.name}" for note in results.metrics)


def test_the_most_gameable_come_first(report: Report) -> None:
    worst = [cell.value for cell in column(table_of(report, "leaderboard-table"), "Worst").values()]
    known = [value for value in worst if value is not None]
    assert known == sorted(known, reverse=True)
    assert worst[: len(known)] == known and len(known) < len(worst)


@pytest.mark.parametrize("medium", ["report", "paper"])
def test_the_leaderboard_has_the_figures_of_the_results(
    medium: str, results: LeaderboardResults, request: pytest.FixtureRequest
) -> None:
    table = table_of(request.getfixturevalue(medium), "leaderboard-table")
    headers = ["Worst", "Mean", "Below floor", "Random"]
    for score in results.scores:
        if score.explainer or score.dataset:
            continue
        label = metric_label(score.metric)
        assert column(table, "Verdict in a word")[label].text == score.verdict
        assert column(table, "Adversary")[label].detail == fidelity_of(score)
        for header, (value, text) in zip(headers, figures_of(score), strict=True):
            cell = column(table, header)[label]
            assert (cell.value, cell.detail) == (value, text)
            assert cell.text == figure(value, "share")


def test_the_page_holds_every_level(
    html: str, page: Page, report: Report, results: LeaderboardResults
) -> None:
    data = embedded(html)
    assert len(data["levels"]) == (1 + len(FEW)) * 3
    assert level_faults(data, results) == []
    names = {metric_label(note.name): note.name for note in results.metrics}
    rows = [f"metric-{names[row[0].text]}" for row in table_of(report, data["table"]).rows]
    assert rows == [metric["id"] for metric in data["metrics"]]
    ids = {attrs["id"] for _, attrs, _ in page.elements if "id" in attrs}
    assert set(rows) <= ids


def test_a_wrong_figure_on_the_page_is_noticed(html: str, results: LeaderboardResults) -> None:
    scores = list(results.scores)
    place = next(i for i, s in enumerate(scores) if s.explainer == "lime" and s.dataset)
    worst = msgspec.structs.replace(scores[place].worst, value=0.123)
    scores[place] = msgspec.structs.replace(scores[place], worst=worst)
    altered = msgspec.structs.replace(results, scores=scores)
    fault = f"{scores[place].metric} lime {scores[place].dataset}"
    assert level_faults(embedded(html), altered) == [fault]


def test_the_heat_map_has_a_verdict_in_each_cell(
    report: Report, results: LeaderboardResults
) -> None:
    scores = {(s.metric, s.explainer): s for s in results.scores if not s.dataset}
    seen: Counter[str] = Counter()
    for table, names in (("heat-1", FEW[:2]), ("heat-2", FEW[2:])):
        rows = table_of(report, table).rows
        for row in rows:
            (metric,) = [n.name for n in results.metrics if metric_label(n.name) == row[0].text]
            for name, cell in zip(names, row[1:], strict=True):
                score = scores[metric, name]
                assert (cell.value, cell.detail) == (score.worst.value, score.verdict)
                assert cell.value is not None or cell.reason
                assert (cell.shade is None) == (cell.value is None or cell.detail == "cannot say")
                seen[cell.detail] += 1
    assert set(seen) == set(VERDICTS)


def test_every_trial_is_shown_and_those_that_do_not_count_say_why(
    report: Report, results: LeaderboardResults
) -> None:
    assert trial_faults(report, results) == []
    one = results.trials[0]
    more = [*results.trials, msgspec.structs.replace(one, attack_setting="forgotten")]
    assert trial_faults(report, msgspec.structs.replace(results, trials=more)) == ["forgotten"]


def trial_faults(report: Report, results: LeaderboardResults) -> list[str]:
    """Return the settings of the trials that are not listed as they are."""
    listed = {
        (note.name, tuple(cell.text for cell in row))
        for place, note in enumerate(results.datasets, 1)
        for row in table_of(report, f"every-trial-{place}").rows
    }
    faults = []
    for trial in results.trials:
        counts = "evidence and quality" if trial.deceives else "evidence"
        row = (
            explainer_label(trial.explainer, trial.explainer),
            trial.attack_setting,
            figure(trial.fidelity, "share"),
            figure(trial.moved, "share"),
            "yes" if trial.deceives else "no",
            "nothing" if trial.broken else counts,
            trial.broken or "kept",
        )
        if (trial.dataset, row) not in listed:
            faults.append(trial.attack_setting)
    return faults


def test_the_first_sentence_counts(report: Report, results: LeaderboardResults) -> None:
    quality = {note.name for note in results.metrics if note.kind == "quality"}
    verdicts = Counter(
        s.verdict
        for s in results.scores
        if s.metric in quality and not s.explainer and not s.dataset
    )
    begin = f"{verdicts['gameable']} of {len(quality)} metrics give the false explanation"
    first = report.verdict[0].replace("\N{NO-BREAK SPACE}", " ")
    assert first.startswith(begin)
    assert f"{verdicts['resists']} see through it" in first
    assert f"{verdicts['cannot say']} cannot be judged" in first


def test_the_first_sentence_follows_the_verdicts(results: LeaderboardResults) -> None:
    scores = [msgspec.structs.replace(s, verdict="resists") for s in results.scores]
    one = next(i for i, s in enumerate(scores) if s.metric == "pgi" and not s.explainer + s.dataset)
    scores[one] = msgspec.structs.replace(scores[one], verdict="gameable")
    altered = build_leaderboard_report(msgspec.structs.replace(results, scores=scores), "paper")
    said = altered.verdict[0].replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("1 of 60 metrics gives the false explanation")
    assert said.endswith("; 59 see through it.")


def test_each_metric_stands_under_its_access_and_verdict(
    report: Report, results: LeaderboardResults
) -> None:
    verdicts = {s.metric: s.verdict for s in results.scores if not s.explainer + s.dataset}
    section = section_of(report, "access")
    headings = {part.title: part for part in section.sections}
    for note in results.metrics:
        (block,) = headings[ACCESS[note.access]].blocks
        assert isinstance(block, Definitions)
        said = {
            name.split(":")[0].lower(): "".join(run.text for run in text)
            for name, text in block.items
        }
        for word in VERDICTS:
            there = metric_label(note.name) in re.split(
                r"; | \([^()]*%\)", said["cannot be said" if word == "cannot say" else word]
            )
            assert there == (verdicts[note.name] == word), (note.name, word)


GROUP = "the explanation and who belongs to the group"


def test_access_is_ordered_from_little_to_much(report: Report) -> None:
    order = [*ACCESS]
    assert order[:2] == ["the explanation alone", GROUP]
    assert access_rank(reversed(order)) == order
    parts = [part.title for part in section_of(report, "access").sections]
    assert parts == [row[0].text for row in table_of(report, "access-table").rows]
    assert parts == [*ACCESS.values()]


@pytest.mark.parametrize(
    ("needs", "manifold", "access"),
    [
        ((), "", "the explanation alone"),
        (("unrelated_one",), "", "the explanation alone"),
        (("protected",), "", GROUP),
        (("protected", "model"), "off", "queries to the model"),
        (("protected",), "on", "real rows with decisions"),
        (("protected", "model"), "on", "real rows with decisions"),
        (("protected", "nearby real"), "on", "the explainer, to run it again"),
    ],
)
def test_the_most_that_a_metric_needs_is_its_access(
    needs: tuple[Need, ...], manifold: Literal["", "off", "on"], access: str
) -> None:
    spec = metric_specs()["sensitive_group_gap"]
    assert access_needed(spec) == GROUP
    assert access_needed(replace(spec, needs=needs, manifold=manifold)) == access


def test_what_to_use_instead_is_said_to_be_judged_here_or_not(results: LeaderboardResults) -> None:
    few = [note for note in results.metrics if note.name in ("pgi", "sensitive_top1")]
    scores = [score for score in results.scores if score.metric in ("pgi", "sensitive_top1")]
    found = build_leaderboard_report(msgspec.structs.replace(results, metrics=few, scores=scores))
    instead = column(table_of(found, "leaderboard-table"), "Use instead")
    assert {(cell.text, cell.detail) for cell in instead.values()} == {
        ("PGI (on-manifold)", "not judged here"),
        ("Matched-pair effect", "on real rows, without an explainer"),
    }


def test_page_loads_nothing_from_anywhere(page: Page, html: str) -> None:
    for tag, attrs, _ in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attrs)
    assert "http:" not in html and "https:" not in html
    (style,) = [text for _, text in page.all("style")]
    assert "url(" not in style and "@import" not in style
    assert "prefers-color-scheme: dark" in style and "@media print" in style


def test_policy_allows_the_page_own_scripts_only(page: Page) -> None:
    policy = next(a["content"] for a, _ in page.all("meta") if "http-equiv" in a)
    scripts = [text for attrs, text in page.all("script") if "type" not in attrs]
    digests = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert len(digests) == 2
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert policy.startswith("default-src 'none'")


def test_names_from_data_stay_text(page: Page, html: str) -> None:
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert embedded(html)["datasets"]["german"].startswith("</script><script>alert(1)")
    assert len(page.all("script")) == 3


def test_pictures_have_text_and_follow_the_theme(page: Page, report: Report, html: str) -> None:
    galleries = [b for s in sections_of(report) for b in s.blocks if isinstance(b, Gallery)]
    drawn = page.all("svg")
    assert len(drawn) == sum(len(g.figures) for g in galleries) > 60
    assert all(attrs["role"] == "img" for attrs, _ in drawn)
    alts = " ".join(
        figure.alt
        for block in section_of(report, "verdict").blocks
        if isinstance(block, Gallery)
        for figure in block.figures
    )
    leads = column(table_of(report, "leaderboard-table"), "Worst")
    for cell in leads.values():
        assert cell.value is None or f"worst {cell.text} {cell.detail}" in alts
    assert "var(--figure-attacked)" in html
    assert not re.search(r"#0072b2|#d55e00|#00795a", html[html.index("<svg") :].split("<script")[0])


def test_the_picture_tells_forms_apart_by_shape() -> None:
    point = Estimate(value=0.7, low=0.6, high=1.8, n=5)
    forms: dict[Form, str] = dict.fromkeys(get_args(Form), "a form")
    shapes = set()
    for form in forms:
        rung = Rung("A metric", form, point, NOTHING, "gameable")
        svg = draw_ladder("Title", [rung], half="one half", forms=forms)
        assert f"{SIGNS['gameable']} gameable" in svg
        assert "one half" in svg and "A metric" in svg
        # markers, those of the legend among them
        shapes.add(frozenset(re.findall(r'<path id="m\w+" d="([^"]+)"', svg)))
        assert draw_ladder("Title", [rung], half="one half", forms=forms) == svg
    assert len(shapes) == len(forms) == 4
    assert len(set(STATUSES.values())) == len(set(SIGNS.values())) == 4


#: As much of a page as the filters touch. It refuses what no option offers.
DOM = """
class Element {
  constructor(tag) { Object.assign(this, { tag, childNodes: [], dataset: {}, heard: {} }); }
  append(...nodes) { this.childNodes.push(...nodes); }
  replaceChildren(...nodes) { this.childNodes = nodes; }
  before() {}
  setAttribute() {}
  removeAttribute(name) { delete this[name]; }
  addEventListener(kind, act) { this.heard[kind] = act; }
  get textContent() { return this.childNodes.map((node) => node.textContent ?? node).join(""); }
  set textContent(text) { this.childNodes = [text]; }
  get selectedOptions() { return this.childNodes.filter((option) => option.value === this.value); }
  get value() { return this.chosen ?? this.childNodes[0].value; }
  set value(wanted) {
    if (!this.childNodes.some((option) => option.value === wanted)) throw Error(wanted);
    this.chosen = wanted;
  }
}
class Option { constructor(text, value) { Object.assign(this, { text, value }); } }
const made = [];
const rows = levels.metrics.map(() => ({
  cells: columns.map((numeric) => {
    const cell = new Element("td");
    if (numeric) cell.dataset.v = "";
    return cell;
  }),
}));
const document = {
  createElement: (tag) => { made.push(new Element(tag)); return made.at(-1); },
  getElementById: (id) =>
    id === "leaderboard-levels" ? { textContent: JSON.stringify(levels) }
      : id === levels.table ? { tBodies: [{ rows }], parentElement: new Element("div") }
        : { id },
};
"""
DRIVER = """
const form = made.find((element) => element.tag === "form");
const labels = made.filter((element) => element.tag === "label");
const fields = Object.fromEntries(labels.map(({ childNodes: [name, field] }) => [name, field]));
console.log(JSON.stringify(choices.map((choice) => {
  for (const field of Object.values(fields)) field.value = "";
  for (const [name, wanted] of Object.entries(choice)) fields[name].value = wanted;
  form.heard.change();
  return rows.flatMap(({ cells, hidden }, place) =>
    hidden ? [] : [[place, ...cells.map((cell) => [cell.textContent, cell.dataset.v ?? null])]]);
})));
"""


Choice = dict[str, str]


def filtered(html: str, report: Report, choices: list[Choice]) -> list[Any]:
    """Return what the page's own script shows for each choice: places of rows, and their cells."""
    (script,) = [text for _, text in Page(html).all("script") if "getElementById" in text]
    columns = [column.numeric for column in table_of(report, "leaderboard-table").columns]
    values = {"levels": embedded(html), "columns": columns, "choices": choices}
    given = [f"const {name} = {json.dumps(value)};" for name, value in values.items()]
    program = "\n".join((*given, DOM, script, DRIVER))
    done = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert isinstance(shown, list)
    return shown


def promised(results: LeaderboardResults, choice: Choice) -> dict[str, Score]:
    """Return the scores of the metrics that a choice asks for, at the level that it asks for."""
    level = (choice.get("Explainer", ""), choice.get("Data set", ""))
    scores = {s.metric: s for s in results.scores if (s.explainer, s.dataset) == level}
    known = {
        note.name: {
            "Explainer": level[0],
            "Data set": level[1],
            "Needs": note.access,
            "Kind": note.kind,
            "Family": note.family,
            "Form": {"off": "off-manifold", "on": "on-manifold"}.get(note.manifold, "neither"),
            "Verdict": scores[note.name].verdict,
        }
        for note in results.metrics
    }
    return {name: scores[name] for name, own in known.items() if choice.items() <= own.items()}


def every_choice(data: dict[str, Any]) -> list[Choice]:
    """Return each value of each filter alone, each level, and each level with other filters."""
    filters = [(label, values) for label, _, values in data["filters"]]
    filters += [("Verdict", data["verdicts"])]
    alone = [{label: value} for label, values in filters for value in values]
    levels = [
        {"Explainer": explainer, "Data set": dataset}
        for explainer in ("", *data["explainers"])
        for dataset in ("", *data["datasets"])
    ]
    both = [{**level, "Kind": "quality", "Verdict": "gameable"} for level in levels]
    return [*alone, *levels, *both, {}]


def misshown(cells: list[tuple[str, str | None]], score: Score) -> bool:
    """Tell whether the cells of a row, without its head, are other than those of a score."""
    verdict_, worst, mean, _, below, random, *_ = cells
    values = [
        None if value == "" else float(value or "nan") for _, value in (worst, mean, below, random)
    ]
    return not verdict_[0].startswith(score.verdict) or values != [v for v, _ in figures_of(score)]


def filter_faults(html: str, report: Report, results: LeaderboardResults) -> list[Choice]:
    """Return the choices for which the page shows other metrics or figures than it should."""
    data = embedded(html)
    names = [metric["id"].removeprefix("metric-") for metric in data["metrics"]]
    choices = every_choice(data)
    faults = []
    for choice, rows in zip(choices, filtered(html, report, choices), strict=True):
        wanted = promised(results, choice)
        found = {names[place]: cells for place, _, *cells in rows}
        if [*found] != [name for name in names if name in wanted] or any(
            misshown(cells, wanted[name]) for name, cells in found.items()
        ):
            faults.append(choice)
    return faults


def test_each_filter_offers_what_there_is_and_nothing_else(
    html: str, results: LeaderboardResults
) -> None:
    data = embedded(html)
    for label, key, values in data["filters"]:
        assert sorted(values) == sorted({metric[key] for metric in data["metrics"]}), label
    offered = {label: values for label, _, values in data["filters"]}
    assert offered["Needs"] == [*ACCESS]
    assert set(offered["Kind"]) == {"evidence", "quality"}
    assert set(offered["Family"]) == {note.family for note in results.metrics}
    assert set(offered["Form"]) == {"off-manifold", "on-manifold", "neither"}
    assert data["verdicts"] == [*VERDICTS]
    assert {*data["levels"]} == {
        f"{explainer}\n{dataset}"
        for explainer in ("", *data["explainers"])
        for dataset in ("", *data["datasets"])
    }


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@needs_node
def test_the_filters_show_what_is_asked_for(
    html: str, report: Report, results: LeaderboardResults
) -> None:
    assert filter_faults(html, report, results) == []


@needs_node
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("=== metric[key]", "!== metric[key]"),
        ("data.first + shift", "data.first + shift + 1"),
        ("data.levels[`${explainer.value}", "data.levels[`"),
        ("!== cells[0][0]", "=== cells[0][0]"),
    ],
)
def test_a_broken_filter_is_noticed(
    right: str, wrong: str, html: str, report: Report, results: LeaderboardResults
) -> None:
    assert html.count(right) == 1
    assert filter_faults(html.replace(right, wrong), report, results)


def test_undefined_is_a_dash_with_its_reason(report: Report) -> None:
    for table in tables_of(report):
        texts = {text for _, text in table.footnotes}
        for row in table.rows:
            for cell, head in zip(row[1:], table.columns[1:], strict=True):
                if head.numeric and cell.value is None:
                    assert cell.text == DASH, table.id
                    assert cell.reason in texts, (table.id, cell)


def test_cells_without_a_result_are_listed_or_counted(page: Page, report: Report) -> None:
    text = next(text for attrs, text in page.all("section") if attrs["id"] == "unjudged")
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "2 of 500 planned cells have not been run yet" in text
    assert "refused" in text
    assert len(table_of(report, "unjudged-cells").rows) == 1


def test_page_tells_how_to_make_it_again(page: Page, results: LeaderboardResults) -> None:
    text = next(text for attrs, text in page.all("section") if attrs["id"] == "reproduce")
    assert hashlib.sha256(canonical_json(results)).hexdigest() in text
    for said in ("explaudit gameability --preset standard", "base seed", "1\u202f234\u202f567"):
        assert said in text
    data = next(text for attrs, text in page.all("section") if attrs["id"] == "sources")
    for note in results.datasets:
        assert note.known_harms in data and note.sha256 in data
    rules = next(text for attrs, text in page.all("table") if attrs["id"] == "rules")
    assert all(name in rules for name in results.rules)


def test_the_command_makes_the_same_settings() -> None:
    from explaudit.cli.gameability import gameability
    from explaudit.leaderboard.settings import PRESETS

    chosen = msgspec.structs.replace(
        PRESETS["quick"], explainers=("lime", "occlusion"), metrics=("pgi",), replicates=3, seed=5
    )
    line = command(msgspec.to_builtins(chosen))
    context = gameability.make_context("gameability", line.split()[2:])
    for name in ("preset", "datasets", "explainers", "metrics", "replicates", "n_rows", "seed"):
        assert context.params[name] == getattr(chosen, name), name
    own = {"sha256": "0", "sensitive": "my race", "protected": "X", "target": "y", "favourable": ""}
    line = command({"preset": "standard", "datasets": ["file"], "own": own})
    assert line == (
        "explaudit gameability --preset standard --data YOUR_TABLE.csv --sensitive 'my race' "
        "--protected X --target y"
    )


def test_files_are_written_and_equal_results_give_equal_bytes(
    results: LeaderboardResults, tmp_path: Path, html: str, pdf: bytes
) -> None:
    again = msgspec.json.decode(msgspec.json.encode(results), type=LeaderboardResults)
    write_leaderboard_html(again, tmp_path / "report.html")
    write_leaderboard_pdf(again, tmp_path / "report.pdf")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert (tmp_path / "report.pdf").read_bytes() == pdf


def test_pdf_is_tagged(pdf: bytes) -> None:
    for sign in (b"/MarkInfo", b"/StructTreeRoot", b"/FontFile", b"/Lang", b"pdfuaid:part"):
        assert sign in pdf, sign


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler's pdftotext")
def test_pdf_shows_the_same_figures(paper: Report, pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
    text = "".join(done.stdout.decode().split()).replace("\N{ZERO WIDTH SPACE}", "")
    for table in tables_of(paper):
        assert "".join(table.caption.split()).split("<")[0] in text
    found = Counter(re.findall(r"\[[^\]]*\d\]", text))
    wanted = Counter(
        "".join(cell.detail.split())
        for table in tables_of(paper)
        for row in table.rows
        for cell in row
        if cell.detail.startswith("[")
    )
    assert not wanted - found


def test_a_leaderboard_of_nothing_has_a_report(results: LeaderboardResults) -> None:
    empty = msgspec.structs.replace(
        results, metrics=[], scores=[], trials=[], distributions=[], versions={}, rules={}
    )
    assert "No quality metric has been judged yet." in render_leaderboard_html(empty)
    assert render_pdf(build_leaderboard_report(empty, "paper")).startswith(b"%PDF")

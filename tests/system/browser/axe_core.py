"""What axe-core finds in a page: WCAG 2.2 A and AA, and what else it calls good practice."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

from tests.system.browser.furnished import SETTLED, WEB

AXE: Final = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RULES: Final = [
    *("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"),
    "best-practice",  # headings, landmarks, regions
]

STILL: Final = """() => Promise.all(
  document.getAnimations().filter(one => one.effect.getTiming().iterations !== Infinity)
    .map(one => one.finished.catch(() => undefined))
)"""
"""A colour half way to another is neither."""

FINDINGS: Final = """async tags => {
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: {type: "tag", values: tags},
    rules: {"target-size": {enabled: true}},
  });
  return found.violations.flatMap(one => one.nodes.map(node => [
    one.impact, one.id, node.target.join(" "), node.html.slice(0, 120),
    node.any.concat(node.all, node.none).map(check => check.message).join("; "),
  ].join(" | ")));
}"""


async def findings(page: Page) -> list[str]:
    """What axe-core finds in the page as it stands."""
    await page.evaluate(SETTLED)
    await page.evaluate(STILL)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: list[str] = await page.evaluate(FINDINGS, RULES)
    return found

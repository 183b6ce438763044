"""Ten fingers: after each key a look at where the focus is, and at whether it can be seen."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import Page, expect

REACH: Final = 160
"""More presses of Tab than any page has controls on the way to the one that is wanted."""

WHERE: Final = """() => {
  const on = document.activeElement;
  // The room has the focus after a change of room, too: nobody has gone to it, and it has no ring.
  if (on === null || on === document.body || on.matches("#room:not(.skipped)")) return null;
  // What the browser draws for the focus is an outline; a listbox shows its active option.
  const active = on.getAttribute("aria-activedescendant");
  // A file is chosen in a field that is not seen itself: its label is.
  const label = on.classList.contains("unseen") ? on.closest("label") : null;
  const marked = label ?? (active === null ? on : document.getElementById(active) ?? on);
  const box = marked.getBoundingClientRect();
  const shown = one => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  return {
    what: on.outerHTML.slice(0, 160),
    outlined: shown(label ?? on),
    // Not wholly behind something else: of nine points of it one at least is on top (2.4.11).
    seen: [0.05, 0.5, 0.95].some(x => [0.05, 0.5, 0.95].some(y => {
      const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return marked.contains(top);
    })),
  };
}"""


class Keys:
    """Ten fingers."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, key: str) -> None:
        """One key, and the focus must be somewhere that can be seen, or nowhere yet."""
        await self._page.keyboard.press(key)
        await self.look()

    async def look(self) -> None:
        where: dict[str, Any] | None = await self._page.evaluate(WHERE)
        if where is not None:
            assert where["outlined"], f"the focus cannot be seen on {where['what']}"
            assert where["seen"], f"the focus is out of sight on {where['what']}"

    async def on(self, selector: str) -> bool:
        """Whether the focus is on this."""
        found: bool = await self._page.evaluate(
            "wanted => document.activeElement?.matches(wanted) ?? false", selector
        )
        return found

    async def reach(self, selector: str, *, back: bool = False) -> None:
        """Tab until the focus is on what is wanted: a trap, or a control that Tab passes, fails."""
        await expect(self._page.locator(selector).first).to_be_visible()
        for _ in range(REACH):
            if await self.on(selector):
                return
            await self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"Tab never comes to {selector}")

    async def write(self, text: str) -> None:
        await self._page.keyboard.type(text)

    async def closes_with_escape(self, opener: str) -> None:
        """The focus stays in the dialog all the way round; Escape closes it and gives it back."""
        dialog = self._page.locator("dialog[open]")
        await expect(dialog).to_have_count(1)
        for _ in range(2 * await dialog.locator("button, input, select, textarea, a").count() + 2):
            await self.press("Tab")
            # At its end the browser's own controls have their turn: then the page has no focus.
            assert await self.on("dialog[open] *, dialog[open], body"), "the focus left the dialog"
        await self.press("Escape")
        await expect(dialog).to_have_count(0)
        assert await self.on(opener), f"the focus did not come back to {opener}"

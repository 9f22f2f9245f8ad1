"""The guide's page about TradingView, made from the ready alert bodies."""

from __future__ import annotations

from core.intake.templates import TRADINGVIEW

_HEAD = """# TradingView

1. Create an alert on your chart. Open its *Notifications* tab, tick *Webhook URL* and give the address of your
   engine, such as `https://HOST/api/webhooks/signals?key=SECRET`. TradingView can send neither headers nor
   signatures, so the secret goes into the address (`?key=SECRET` or `/w/SECRET/api/webhooks/signals`) or into the
   body as `"passphrase"`.
2. Paste one of the bodies below into the alert's *Message* field. TradingView fills in what stands in `{{...}}`.
3. Set the trigger to *Once per bar close*: a signal inside a bar may vanish before the bar ends.

`gatedeck send --print NAME --template tradingview` prints one body alone.
"""


def tradingview_page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for template in TRADINGVIEW:
        parts.append(
            f"## {template.name}\n\n{template.about} Address: `{template.path}`\n\n```text\n{template.body}\n```\n"
        )
    return "\n".join(parts)

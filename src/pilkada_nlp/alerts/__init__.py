"""Alerts: what cannot wait for the morning is said at once, to the channels that the user chose.

`raise_alerts` decides what is an alert, the archive keeps it in an outbox, `send` delivers it from there.
"""

from pilkada_nlp.alerts.outbox import Delivery, SendReport, send, try_channels
from pilkada_nlp.alerts.raising import own_watches, raise_alerts

__all__ = ["Delivery", "SendReport", "own_watches", "raise_alerts", "send", "try_channels"]

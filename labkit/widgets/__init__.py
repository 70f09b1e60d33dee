"""What a lesson shows that moves."""

from labkit.widgets.clients import BrowserClient, KernelClient
from labkit.widgets.predict import Predict, predict
from labkit.widgets.wireview import WireView

__all__ = ["BrowserClient", "KernelClient", "Predict", "WireView", "predict"]

"""What a lesson shows that moves."""

from labkit.widgets.listener import Listener, listen
from labkit.widgets.predict import Predict, predict
from labkit.widgets.wireview import WireView

__all__ = ["Listener", "Predict", "WireView", "listen", "predict"]

"""What a lesson shows that moves."""

from labkit.widgets.listener import Listener, listen
from labkit.widgets.predict import Predict, predict

__all__ = ["Listener", "Predict", "listen", "predict"]

"""The widgets of the lessons: clients, panels, predictions and views of a stream."""

from labkit.widgets.appview import AppView
from labkit.widgets.browserclient import BrowserClient
from labkit.widgets.clusterpanel import ClusterPanel
from labkit.widgets.faultpanel import FaultPanel
from labkit.widgets.kernelclient import KernelClient
from labkit.widgets.outages import told_outage
from labkit.widgets.predict import Comparison, Predict, predict
from labkit.widgets.serverpanel import ServerPanel
from labkit.widgets.sidebyside import side_by_side
from labkit.widgets.typewriter import Typewriter
from labkit.widgets.wireview import WireView

__all__ = [
    "AppView", "BrowserClient", "ClusterPanel", "Comparison", "FaultPanel", "KernelClient", "Predict", "ServerPanel",
    "Typewriter", "WireView", "predict", "side_by_side", "told_outage",
]  # fmt: skip

"""How JupyterLab reads the lessons' files: a widget whose kernel is gone says so in words."""

from __future__ import annotations

from typing import Any, cast

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

WIDGET = "application/vnd.jupyter.widget-view+json"
GONE = "This widget lived in a kernel that is gone. Run the cell again, and it is back."


class LessonContents(AsyncLargeFileManager):
    """Jupyter's own manager of files, for lessons that are opened on another day.

    A widget is a model in a kernel. Without that kernel JupyterLab says "Error displaying widget: model not found",
    in red, under every cell that had one. Here the output says what to do instead; the file itself stays as it is.
    """

    async def get(self, path: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The model of a file, as the contents API of Jupyter describes it."""
        model: dict[str, Any] = await cast(Any, super()).get(path, *args, **options)
        if model["type"] == "notebook" and model["content"] is not None and not await self._has_kernel(path):
            without_widgets(model["content"])
        return model

    async def _has_kernel(self, path: str) -> bool:
        server = cast(Any, self.parent)  # the ServerApp
        sessions = await server.session_manager.list_sessions()
        return any(session["path"] == path.strip("/") for session in sessions)


def without_widgets(notebook: dict[str, Any]) -> None:
    """Puts a sentence in the place of every widget in these outputs."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if WIDGET in output.get("data", {}):
                output["data"] = {"text/plain": GONE}

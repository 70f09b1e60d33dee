"""The event that tells a client that the log no longer holds what it missed."""

from __future__ import annotations

import json

from labkit.wire import Frame


def gap_frame(last_event_id: str, kept_frames: tuple[Frame, ...]) -> Frame:
    """The gap event: which id the client asked for, and the oldest id that the log still holds.

    It has no id of its own, because it is not in the log.
    """
    oldest_id = kept_frames[0].id if kept_frames else None
    return Frame(event="gap", data=json.dumps({"asked": last_event_id, "oldest_kept": oldest_id}))

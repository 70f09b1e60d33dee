"""The experiments of lesson 13, "How do agents stream?", and the verdicts on its claims."""

from labkit.lab.lesson_13.ag_ui_run import answer_in, in_pieces, line_by_line, short_run, who_reads, without_blank
from labkit.lab.lesson_13.call_stories import CutCall, call_bodies, cut_both, cut_in_mid_call
from labkit.lab.lesson_13.claims import c70_mcp_resumes, c71_libraries_lose_nothing
from labkit.lab.lesson_13.cut_calls import CallTally, cut_everywhere
from labkit.lab.lesson_13.kept import KeptResult, agents_installed
from labkit.lab.lesson_13.page_table import Habits, page_habits
from labkit.lab.lesson_13.tool_call import RESUMES, STATELESS, call_tool

__all__ = [
    "RESUMES", "STATELESS", "CallTally", "CutCall", "Habits", "KeptResult", "agents_installed", "answer_in",
    "c70_mcp_resumes", "c71_libraries_lose_nothing", "call_bodies", "call_tool", "cut_both", "cut_everywhere",
    "cut_in_mid_call", "in_pieces", "line_by_line", "page_habits", "short_run", "who_reads", "without_blank",
]  # fmt: skip

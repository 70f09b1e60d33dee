"""What servers write wrong in the body: line ends, names of fields, texts that break, objects that are printed."""

from __future__ import annotations

import json

from .raw import flow
from .serving import set_up_of
from .set_up import SetUp

PRETTY = json.dumps({"user": {"name": "Ada", "id": 7}, "ok": True}, indent=2)
TEXT = "Dear reader,\nthe second line\nand the third"


def written(text: str, *causes: str, name: str, **options: object) -> SetUp:
    """A stream of this text, in which # is the number of the event."""
    return set_up_of(flow(lambda n: text.replace("#", str(n)).encode()), name, *causes, **options)  # type: ignore[arg-type]


LINE_ENDS = [
    written("data: tick #\r\r\n\r\r\n", "cr-cr-lf", name="CR CR LF, as by print on Windows"),
    written("id: #\r\r\ndata: tick\r\r\n\r\r\n", "cr-cr-lf", name="CR CR LF with ids"),
    written("data: tick #\\n\\n", "backslash-n", name="single quotes in PHP: a backslash and an n"),
    written("event: tick\\ndata: #\\n\\n\n", "backslash-n", "never-ends", name="a raw string, and println"),
    written("data: tick #\n", "never-ends", name="one line end only"),
    written("data: tick #\n \n", "never-ends", name="a line with a blank instead of a blank line"),
    written("data: tick #<br><br>\n", "backslash-n", "never-ends", name="HTML's line breaks"),
    written("data: tick #", "never-ends", "not examined: no end", name="no line end at all"),
    written("data: tick #;\n", "never-ends", name="a semicolon instead of a blank line"),
    written("data: tick #\x0b\x0b", "never-ends", "not examined: no end", name="vertical tabs"),
    written("data: a #\u2028data: b\u2028\u2028", "never-ends", "not examined: no end", name="U+2028 as a line end"),
]

FIELDS = [
    written("Data: tick #\n\n", "field-misspelt", name="Data: with a capital"),
    written("  data: tick #\n\n", "field-misspelt", name="an indented template"),
    written("data : tick #\n\n", "field-misspelt", name="a blank before the colon"),
    written('"data": {"n": #}\n\n', "field-misspelt", name="the field's name in quotes"),
    written("data= tick #\n\n", "field-misspelt", name="an equals sign for the colon"),
    written("data： tick #\n\n", "field-misspelt", name="a full-width colon"),
    written(": data: tick #\n\n", "field-misspelt", name="a colon before the field"),
    written("message: tick #\n\n", "bare-lines", "field-misspelt", name="message: instead of data:"),
    written("data: #\nEvent: tick\n\n", "field-misspelt", name="Event: behind good data"),
    written('{"n": #, "type": "tick"}\n', "json-lines", name="JSON lines under the stream's type"),
    written('{"n": #, "type": "tick"}\n\n', "json-lines", name="JSON with a blank line, and no data:"),
    written('{"n": #},\n', "json-lines", name="the items of an array, line by line"),
    written("tick #\n\n", "bare-lines", name="the bare text"),
    written("#\n", "bare-lines", name="bare numbers"),
    written("8\r\ndata: #\n\n\r\n", "bare-lines", name="chunks by hand behind a server that makes chunks"),
    written("sending row # to the client\nid: #\ndata: row\n\n", "bare-lines", name="a print in the generator"),
    written("event: tick\n\ndata: #\n\n", "fields-apart", name="a blank line behind the type"),
    written("id: #\n\nevent: tick\n\ndata: {}\n\n", "fields-apart", name="each field a println with a blank line"),
    written("id: #\n\ndata: {}\n\n", "fields-apart", name="a blank line behind the id"),
    written("event: refresh\nid: #\n\n", "event-without-data", name="a signal without data"),
    written("event: refresh\n\n", "event-without-data", name="a type alone"),
    written("event: 'tick'\ndata: #\n\n", "type-odd", name="quotes around the type"),
    written("event: tick \ndata: #\n\n", "type-odd", name="a blank behind the type"),
    written("event:  tick\ndata: #\n\n", "type-odd", name="two blanks before the type"),
    written("event: error\nid: #\n\n<br />\n<b>Warning</b>:  Undefined variable $row in "
            "<b>/var/www/sse.php</b> on line <b>12</b><br />\n\ndata: {}\n\n", "page-inside", "event-without-data",
            name="PHP's warnings in the stream", product="PHP"),
]  # fmt: skip

TEXTS = [
    written("id: #\ndata: first line\rsecond line\n\n", "text-cut", name="a carriage return inside the text"),
    written('data: {"n": #}\n\n\0', "field-misspelt", "bare-lines", name="C's last byte with each event"),
    written("data:\u00a0{\"n\": #}\n\n", "json-broken", name="a no-break space before the JSON"),
    written("id: 1790000000\ndata: a#\n\nid: 1790000000\ndata: b#\n\n", "ids-repeat", name="a second as the id of two events"),
    written("retry: 3000ms\nid: #\ndata: a\n\n", "retry-unreadable", name="retry: 3000ms"),
    written('retry: "3000"\nid: #\ndata: a\n\n', "retry-unreadable", name="a retry in quotes"),
    written("id: #\ndata: %d rows\n\n", name="a percent sign and a letter in the text"),
    written("id: #\nevent: row\ndata: <li>row #</li>\n\n", name="fragments of HTML, as for htmx"),
    written("id: #\ndata: %7B%22n%22%3A1%7D\n\n", name="data that is percent-encoded"),
    written("event: heartbeat\n\nid: #\ndata: a\n\n", name="a heartbeat that is a type alone"),
    written(f"id: #\ndata: {PRETTY}\n\n", "json-cut", name="pretty-printed JSON behind one data:"),
    written(f"id: #\ndata: {TEXT}\n\n", "text-cut", name="a text of several lines behind one data:"),
    written("id: #\ndata: [object Object]\n\n", "printed-object", name="an object in a template string"),
    written("id: #\ndata: {'n': #, 'ok': True, 'next': None}\n\n", "printed-object", name="a dict in an f-string"),
    written("id: #\ndata: {'n': #}\n\n", "printed-object", name="str(dict) of numbers"),
    written("id: #\ndata: map[n:# ok:true]\n\n", "printed-object", name="Go's %v of a map"),
    written("id: #\ndata: Event(n=#, name='tick')\n\n", "printed-object", name="a dataclass in an f-string"),
    written("id: #\ndata: n=# name='tick' at=datetime.datetime(2026, 1, 1, 0, 0)\n\n", "printed-object",
            name="str() of a pydantic model"),
    written("id: #\ndata: <coroutine object fetch at 0x7f3a1c2b4a40>\n\n", "printed-object",
            name="a coroutine that nobody awaited"),
    written("id: #\ndata: undefined\n\n", "printed-object", name="undefined"),
    written("id: #\ndata: com.example.Price@1b6d3586\n\n", "printed-object", name="Java's toString"),
    written("id: #\ndata: b'{\"n\": #}'\n\n", "printed-object", name="bytes in an f-string"),
    written("id: #\ndata: {n: #, ok: true}\n\n", "json-broken", name="an object as JavaScript writes it"),
    written('id: #\ndata: {"n": #, "list": [1, 2,],}\n\n', "json-broken", name="commas at the end"),
    written("id: #\ndata: Price[symbol=A, value=#]\n\n", "printed-object", name="a record of Java"),
    written('id: #\ndata: {"n": #, "mean": NaN}\n\n', "json-nan", name="NaN out of pandas"),
    written('id: #\ndata: {"rate": -Infinity}\n\n', "json-nan", name="minus infinity"),
    written("data: data: {\"n\": #}\n\n", "double-data", name="data: twice"),
    written("data: data: {\"n\": #}\ndata: \ndata: \n\n", "double-data", name="a frame given to a library"),
    written('data: "data: {\\"n\\": #}\\n\\n"\n\n', "double-data", name="a frame made into JSON"),
    written("data: event: tick\ndata: data: #\n\n", "double-data", name="a whole frame behind data:"),
    written("data: {&quot;n&quot;: #, &quot;text&quot;: &quot;it&#39;s&quot;}\n\n", "html-escaped",
            name="JSON through a template that escapes"),
    written('id: #\ndata: {"n": #, "at": "x"\n\n', "json-broken", name="JSON without its last brace"),
    written("id: #\ndata: ${JSON.stringify(row)}\n\n", "template-unfilled", name="a template string in plain quotes"),
    written("id: #\ndata: {json.dumps(row)}\n\n", "template-unfilled", name="an f-string without its f"),
    written("id: #\ndata: {{ price }}\n\n", "template-unfilled", name="a template that nobody rendered"),
    written("data:\n\n: x\n\ndata: {\"n\": #}\n\n", "empty-messages", name="empty data as a heartbeat"),
    written('data: {"n": #}\n\ndata: \n\n', "empty-messages", name="an empty event behind each event"),
]  # fmt: skip

SET_UPS = [*LINE_ENDS, *FIELDS, *TEXTS]

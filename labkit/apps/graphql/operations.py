"""What a GraphQL operation answers, as the JSON values of its results; whatever is wrong with it is a result too."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from labkit.errors import NOT_JSON, LabError

try:
    import graphql
except ModuleNotFoundError:
    raise LabError("this app needs graphql-core, which is not installed: pip install graphql-core") from None

Json = dict[str, Any]
Results = AsyncGenerator[Json, None]
#: Results, and None where there was none for a while.
Pauses = AsyncGenerator[Json | None, None]
SCHEMA = graphql.build_schema('''
"""What somebody wrote. The id is its place on the board."""
type Post { id: ID! author: String! text: String! }
type Query { posts(last: Int = 10): [Post!]! place: ID! }
type Mutation { say(text: String!, author: String = "somebody"): Post! }
type Subscription { posted(author: String, after: ID): Post! }
''')
#: A longer operation is refused: it costs a server more than its sender.
MOST_TOKENS = 500


def operation_of(given: object) -> Json:
    """The operation that a request holds: the JSON of its body, or the parameters of its URL.

    Raises:
        LabError: it is no JSON object, or its variables are none.
    """
    operation = _read(given, "the body")
    variables = operation.get("variables") or {}
    extensions = operation.get("extensions") or {}
    return {**operation, "variables": _read(variables, "variables"), "extensions": _read(extensions, "extensions")}


def _read(given: object, name: str) -> Json:
    with contextlib.suppress(*NOT_JSON):
        value = json.loads(given) if isinstance(given, str | bytes) else given
        if isinstance(value, dict):
            return value
    raise LabError(f"{name} must be a JSON object")


def error_of(operation: Json, read_only: bool = False) -> Json | None:
    """Why the operation cannot be run, as a result with errors; None if it can.

    Args:
        operation: as operation_of() gives it.
        read_only: it came by GET, which may be repeated: a mutation is refused.
    """
    try:
        document = graphql.parse(_text_of(operation), max_tokens=MOST_TOKENS)
    except graphql.GraphQLError as problem:
        return _failed(problem)
    problems = graphql.validate(SCHEMA, document)
    node = graphql.get_operation_ast(document, operation.get("operationName"))
    if not problems and node is None:
        problems = [graphql.GraphQLError("Which operation? operationName says none of those that are here.")]
    if not problems and node is not None and read_only and node.operation is graphql.OperationType.MUTATION:
        problems = [graphql.GraphQLError("A mutation must come by POST: a GET may be repeated.")]
    return _failed(*problems) if problems else None


async def results_of(operation: Json, root: Any, context: Any, read_only: bool = False) -> Results:
    """The results, one by one. An operation that cannot be run has one, with errors.

    Args:
        operation: as operation_of() gives it.
        root: its methods, called with (info, **arguments), answer the fields; `posted` gives the source of events.
        context: what the methods find in `info.context`.
        read_only: see error_of().
    """
    if (error := error_of(operation, read_only)) is not None:
        yield error
        return
    subscribes = _kind_of(operation) is graphql.OperationType.SUBSCRIPTION
    run: Any = graphql.subscribe if subscribes else graphql.execute
    document = graphql.parse(_text_of(operation))
    outcome = run(SCHEMA, document, root, context, operation["variables"], operation.get("operationName"))
    outcome = await outcome if inspect.isawaitable(outcome) else outcome
    if isinstance(outcome, graphql.ExecutionResult):
        yield dict(outcome.formatted)
        return
    async with contextlib.aclosing(outcome) as stream:
        async for result in stream:
            yield dict(result.formatted)


def one_result(root: Any) -> Callable[[Json], Awaitable[Json]]:
    """A function that gives the one result of a query or a mutation, for whom plain JSON is enough.

    It raises a LabError for a subscription.
    """

    async def ask(given: Json) -> Json:
        operation = operation_of(given)
        if error_of(operation) is None and _kind_of(operation) is graphql.OperationType.SUBSCRIPTION:
            raise LabError("A subscription has many results: it needs a stream")
        async with contextlib.aclosing(results_of(operation, root, {"id": ""})) as results:
            return await anext(results)

    return ask


def checked_place(root: Any) -> Callable[[Json], Json]:
    """A function that checks an operation which is to be sent by GET, and gives the place where it will begin.

    It raises a LabError with the messages of its errors.
    """

    def check(given: Json) -> Json:
        error = error_of(operation_of(given), read_only=True)
        if error is not None:
            raise LabError(" ".join(problem["message"] for problem in error["errors"]))
        return {"place": root.place(None)}

    return check


async def with_pauses(items: Results, every_s: float) -> Pauses:
    """The results, and None after so many seconds without one, so that something can be sent then."""
    try:
        while True:
            task = asyncio.ensure_future(anext(items))
            try:
                while not (await asyncio.wait([task], timeout=every_s))[0]:
                    yield None
                item = task.result()
            except StopAsyncIteration:
                return
            finally:
                task.cancel()
            yield item
    finally:
        await items.aclose()


def _kind_of(operation: Json) -> graphql.OperationType:
    node = graphql.get_operation_ast(graphql.parse(_text_of(operation)), operation.get("operationName"))
    assert node is not None  # by error_of()
    return node.operation


def _text_of(operation: Json) -> str:
    query = operation.get("query")
    return query if isinstance(query, str) else ""


def _failed(*problems: graphql.GraphQLError) -> Json:
    return {"errors": [dict(problem.formatted) for problem in problems]}

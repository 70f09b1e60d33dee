"""GraphQL subscriptions over event streams, by the graphql-sse protocol, and ids beside it that make them resume."""

// GENERATED from the schemas of the server. Changes made here are lost.

/** Who searches the web. */
export type WebSearchProvider = "standalone" | "search_mcp"

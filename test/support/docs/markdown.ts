/** What stands in the documents: blocks, commands and links, as a reader of the rendered page finds them. */
import * as fs from "node:fs"
import * as path from "node:path"
import { lexer, walkTokens, type Token, type Tokens } from "marked"

export const ROOT = path.resolve(import.meta.dirname, "../../..")

export interface Block {
  /** File and line, for messages. */
  readonly place: string
  readonly language: string
  readonly text: string
}

export interface Document {
  /** From the root of the repository. */
  readonly name: string
  readonly text: string
  readonly blocks: ReadonlyArray<Block>
  /** Everything in backquotes that stands in a text, a list or a table. */
  readonly codes: ReadonlyArray<string>
  /** Of links and pictures. */
  readonly targets: ReadonlyArray<string>
  /** What a link may name behind its `#`. */
  readonly anchors: ReadonlySet<string>
}

/** As GitHub makes them: letters, digits, `_` and `-`, blanks as `-`, and a number from the second one on. */
const anchorsOf = (headings: ReadonlyArray<string>): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const heading of headings) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-")
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

const HTML_TARGET = /\b(?:href|src)="([^"]*)"/g

const read = (name: string): Document => {
  const text = fs.readFileSync(path.join(ROOT, name), "utf8")
  const blocks: Array<Block> = []
  const codes: Array<string> = []
  const targets: Array<string> = []
  const headings: Array<string> = []
  let at = 0
  const visit = (token: Token) => {
    switch (token.type) {
      case "code": {
        const { lang = "", raw, text: content } = token as Tokens.Code
        at = Math.max(at, text.indexOf(raw.trimEnd(), at)) // what stands in a list is indented, and not found
        const line = text.slice(0, at).split("\n").length
        blocks.push({ place: `${name}:${line}`, language: lang, text: `${content}\n` })
        break
      }
      case "codespan":
        codes.push((token as Tokens.Codespan).text)
        break
      case "link":
      case "image":
        targets.push((token as Tokens.Link | Tokens.Image).href)
        break
      case "html":
        for (const [, target] of token.raw.matchAll(HTML_TARGET)) targets.push(target!)
        break
      case "heading":
        headings.push((token as Tokens.Heading).text)
    }
  }
  walkTokens(lexer(text), visit)
  return { name, text, blocks, codes, targets, anchors: anchorsOf(headings) }
}

/** The README and everything in `docs`. */
export const documents: ReadonlyArray<Document> = [
  "README.md",
  ...fs
    .readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.posix.join("docs", name))
    .sort()
].map(read)

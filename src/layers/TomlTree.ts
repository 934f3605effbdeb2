/** A TOML document as a tree of names; each node knows where the text speaks of it. */
import type { Key, Member, Section, Value } from "./TomlText.ts"

/** A table, a value in one, or an element of an array, which is named by its index. */
export interface Node {
  readonly children: Map<string, Node>
  /** Where the text first names it; the root and elements have no name. */
  key?: Key
  /** Where it is written as a value. */
  value?: Value
  /** Whose headers are its own; those of all elements in case of an array of tables. */
  readonly headed: Array<Section>
  /** Whose headers name it, or what is in it. */
  readonly sections: Array<Section>
  /** The members that name it, or what is in it, and where among their keys. */
  readonly mentions: Array<Mention>
}

export interface Mention {
  readonly member: Member
  readonly depth: number
  /** What the member stands in; an inline table is a value. */
  readonly container: Section | Value
}

const child = (node: Node, name: string): Node => {
  const known = node.children.get(name)
  if (known !== undefined) return known
  const made: Node = { children: new Map(), headed: [], sections: [], mentions: [] }
  node.children.set(name, made)
  return made
}

const named = (node: Node, key: Key): Node => {
  const inner = child(node, key.name)
  inner.key ??= key
  return inner
}

const addValue = (node: Node, value: Value): void => {
  node.value = value
  for (const [index, item] of value.items?.entries() ?? []) addValue(child(node, `${index}`), item)
  if (value.members) addMembers(node, value, value.members)
}

const addMembers = (table: Node, container: Section | Value, members: ReadonlyArray<Member>): void => {
  for (const member of members) {
    let node = table
    for (const [depth, key] of member.keys.entries()) {
      node = named(node, key)
      node.mentions.push({ member, depth, container })
    }
    addValue(node, member.value)
  }
}

/** The table that a section is about. */
const addHeader = (root: Node, section: Section): Node => {
  const { isElement = false, keys = [] } = section.header ?? {}
  const enter = (node: Node): Node => {
    node.sections.push(section)
    return node
  }
  let node = enter(root)
  for (const key of keys) {
    // a name means the last element so far of an array of tables
    if (node.headed[0]?.header?.isElement) node = enter(child(node, `${node.headed.length - 1}`))
    node = enter(named(node, key))
  }
  node.headed.push(section)
  if (!isElement) return node
  const element = enter(child(node, `${node.headed.length - 1}`))
  element.headed.push(section)
  return element
}

/** The root of the tree of all sections of a text. */
export const root = (sections: ReadonlyArray<Section>): Node => {
  const root: Node = { children: new Map(), headed: [], sections: [], mentions: [] }
  for (const section of sections) addMembers(addHeader(root, section), section, section.members)
  return root
}

export const find = (root: Node, path: ReadonlyArray<string>): Node | undefined => {
  let node: Node | undefined = root
  for (const name of path) node = node?.children.get(name)
  return node
}

/** What the modules of the benchmark hand each other. Types only: Node 20 cannot run TypeScript. */

/** `npm` is the launcher of the package @openai/codex, which users run, and `codex` the program that it starts. */
export type ContenderName = "ours" | "codex" | "npm" | "floor"

export interface Contender {
  readonly name: ContenderName
  /** The program and its arguments, for a URL to listen on. */
  readonly command: (listen: string) => readonly [program: string, ...args: Array<string>]
}

export interface Server {
  readonly name: ContenderName
  readonly url: string
  readonly pid: number
  /** From its start to its first answer to `/readyz`. */
  readonly readyMs: number
  /** Its end, and that of all that it started. */
  readonly end: () => Promise<void>
}

/** CPU time in seconds: of the server's own processes, and of the commands that it ran and others that ended. */
export interface CpuTime {
  readonly server: number
  readonly commands: number
}

export interface Client {
  /** The result; an error of the server rejects. */
  readonly request: (method: string, params: object) => Promise<any>
  /** Bytes of streamed output that have come so far, decoded. */
  readonly streamed: () => number
  /** Called for each piece of streamed output. */
  onOutput: () => void
  /** Stops reading, and goes on. */
  readonly pause: () => void
  readonly resume: () => void
  readonly terminate: () => void
}

export interface ClientOptions {
  /** Whether it acknowledges at once what it has read, as other systems' clients do (TCP_QUICKACK). */
  readonly quickAck?: boolean
}

export interface Context {
  readonly server: Server
  /** The client ends with the scenario. */
  readonly connect: (options?: ClientOptions) => Promise<Client>
  /** So many, or as many as is enough to show that it works. */
  readonly scaled: (amount: number) => number
}

export interface FigureSpec {
  /** In the words of the table, with its unit. */
  readonly what: string
  /** Whether less is better. */
  readonly less?: boolean
  /** Whether it goes to the table of costs rather than to that of results. */
  readonly cost?: boolean
}

export interface Scenario {
  readonly name: string
  readonly figures: Readonly<Record<string, FigureSpec>>
  /** Which Codex stands beside ours; by default the program itself. */
  readonly rival?: "codex" | "npm"
  /** Whether the floor can do it, too. */
  readonly floor: boolean
  /** Whether it takes a server that has done nothing before. */
  readonly fresh?: boolean
  /** Its figures by name. */
  readonly run: (context: Context) => Promise<Figures>
}

/** One figure of a scenario on each contender, round by round. */
export interface Row extends FigureSpec {
  readonly scenario: string
  readonly figure: string
  readonly rival: ContenderName
  readonly samples: Readonly<Partial<Record<ContenderName, ReadonlyArray<number>>>>
  /** Why a contender has none. */
  readonly failures: Readonly<Partial<Record<ContenderName, string>>>
}

/** A line of a chart. */
export interface Series {
  readonly name: string
  readonly color: string
  readonly marker: "circle" | "square" | "triangle"
  readonly dashed?: boolean
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

export interface Panel {
  readonly title: string
  readonly x: string
  readonly series: ReadonlyArray<Series>
}

export type Figures = Readonly<Record<string, number>>

/** The medians of what was measured on one contender at one size. */
export interface Point {
  readonly contender: ContenderName
  readonly size: number
  readonly figures: Figures
}

export interface Growth {
  readonly connections: ReadonlyArray<Point>
  readonly commands: ReadonlyArray<Point>
}

/** Files and directories as clients see them. The errors are those of Codex 0.169.0, unless said otherwise. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { giveAway, unprivileged, withFiles, type Files } from "../support/files.ts"

/** Of a large directory. */
const ENTRIES = Number(process.env["DIRECTORY_ENTRIES"] ?? 20_000)

const base64 = (text: string) => Buffer.from(text).toString("base64")

const system = (text: string, errno: number) => ({ code: -32603, message: `${text} (os error ${errno})` })
const MISSING = system("No such file or directory", 2)
const FORBIDDEN = system("Permission denied", 13)
const EXISTS = system("File exists", 17)
const NOT_A_DIRECTORY = system("Not a directory", 20)
const A_DIRECTORY = system("Is a directory", 21)
const NOT_EMPTY = system("Directory not empty", 39)
const CIRCLE = system("Symbolic link loop", 40)
const TOO_LONG = system("Filename too long", 36)
const BUSY = system("Resource busy", 16)
const INVALID = (message: string) => ({ code: -32600, message })
const NUL = INVALID("file name contained an unexpected NUL byte")
const NOT_A_FILE = (name: string) => INVALID(`path \`${name}\` is not a file`)
const ITSELF = INVALID("fs/copy cannot copy a file to itself")
const INTO_ITSELF = INVALID("fs/copy cannot copy a directory to itself or one of its descendants")
const NEEDS_RECURSIVE = INVALID("fs/copy requires recursive: true when sourcePath is a directory")
const UNSUPPORTED = INVALID("fs/copy only supports regular files, directories, and symlinks")

type Case = readonly [name: string, params: object, answer: unknown]

/** One after another, each with its answer. */
const answers = Effect.fnUntraced(function* (
  { ask }: Files,
  method: Parameters<Files["ask"]>[0],
  cases: ReadonlyArray<Case>
) {
  for (const [path, params, answer] of cases) {
    assert.deepStrictEqual(
      yield* ask(method, { path, ...params }),
      answer,
      `${path} ${JSON.stringify(params)}`
    )
  }
})

const copies = Effect.fnUntraced(function* (
  { ask }: Files,
  cases: ReadonlyArray<readonly [source: string, destination: string, answer: unknown, recursive?: boolean]>
) {
  for (const [sourcePath, destinationPath, answer, recursive] of cases) {
    const params = { sourcePath, destinationPath, ...(recursive !== undefined && { recursive }) }
    assert.deepStrictEqual(yield* ask("fs/copy", params), answer, JSON.stringify(params))
  }
})

/** Path, kind, permissions and target of everything. */
const tree = ({ sh }: Files, name = ".") =>
  sh(`find ${name} -mindepth 1 -printf '%P %y %m %l\\n' | sort`)
    .trim()
    .split("\n")
    .map((line) => line.trim())

describe("fs/createDirectory", () => {
  it.effect("makes directories above, and takes one that is there, unless told not to", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh("mkdir d; touch f; ln -s d link; ln -s none dangling; ln -s circle circle")
        yield* answers(files, "fs/createDirectory", [
          ["d", {}, {}],
          ["d", { recursive: false }, EXISTS],
          ["link", {}, {}],
          ["link", { recursive: false }, EXISTS],
          ["link/new", {}, {}],
          ["a/./x/../b/c/", {}, {}],
          ["n", { recursive: null }, {}],
          ["m", { recursive: false }, {}],
          ["x/y", { recursive: false }, MISSING],
          ["f", {}, EXISTS],
          ["f", { recursive: false }, EXISTS],
          ["f/x", {}, NOT_A_DIRECTORY],
          ["dangling", {}, EXISTS],
          ["dangling/x", {}, EXISTS],
          ["circle", {}, EXISTS],
          ["circle/x", {}, CIRCLE],
          ["x".repeat(300), {}, TOO_LONG],
          ["a\0", {}, NUL],
          ["/", {}, {}],
          ["/", { recursive: false }, EXISTS],
          // where Node's own way to make directories never ends
          ["/proc/x/y", {}, MISSING]
        ])
        assert.deepStrictEqual(files.sh("find . -type d | sort").trim().split("\n"), [
          ".",
          "./a",
          "./a/b",
          "./a/b/c",
          "./d",
          "./d/new",
          "./m",
          "./n"
        ])
      })
    )
  )
})

describe("fs/getMetadata", () => {
  const meta = (kind: "directory" | "file" | "other", isSymlink = false) => ({
    isDirectory: kind === "directory",
    isFile: kind === "file",
    isSymlink
  })

  it.effect("tells what a path leads to, and whether it is a link", () =>
    withFiles(({ ask, sh }) =>
      Effect.gen(function* () {
        sh("touch f; mkdir d; ln -s f lf; ln -s d ld; ln -s lf ll; ln -s none dangling; mkfifo pipe")
        for (const [path, kind] of [
          ["f", meta("file")],
          ["f/", meta("file")],
          ["d", meta("directory")],
          ["lf", meta("file", true)],
          ["ld", meta("directory", true)],
          ["ll", meta("file", true)],
          ["pipe", meta("other")],
          ["/dev/null", meta("other")],
          ["/", meta("directory")]
        ] as const) {
          assert.deepInclude(yield* ask("fs/getMetadata", { path }), kind, path)
        }
        for (const [path, error] of [
          ["none", MISSING],
          ["dangling", MISSING],
          ["f/x", NOT_A_DIRECTORY],
          ["\0", NUL]
        ] as const) {
          assert.deepStrictEqual(yield* ask("fs/getMetadata", { path }), error)
        }
      })
    )
  )

  it.effect("tells whole milliseconds since 1970, and when a file was made where that is known", () =>
    withFiles(({ ask, at, sh }) =>
      Effect.gen(function* () {
        const before = Date.now()
        sh("touch -d @1700000000.9999999 f; touch -d @-5 old; touch -d @10000000000 far")
        const modified = (path: string) =>
          Effect.map(ask("fs/getMetadata", { path }), (it) => it.modifiedAtMs)
        assert.strictEqual(yield* modified("f"), 1_700_000_000_999)
        assert.strictEqual(yield* modified("old"), 0)
        assert.strictEqual(yield* modified("far"), fs.statSync(at("far")).mtimeMs)
        const { createdAtMs } = yield* ask("fs/getMetadata", { path: "f" })
        // a clock of the kernel's, which is behind by a tick
        if (createdAtMs !== 0) assert.approximately(createdAtMs, before, 5000)
        assert.strictEqual((yield* ask("fs/getMetadata", { path: "/proc/self/status" })).createdAtMs, 0)
      })
    )
  )
})

describe("fs/readDirectory", () => {
  const listed = ({ ask }: Files, path: string) =>
    Effect.map(ask("fs/readDirectory", { path }), ({ entries }) =>
      entries
        .map((entry: any) => `${entry.fileName}${entry.isDirectory ? "/" : entry.isFile ? "" : "|"}`)
        .sort()
    )

  it.effect("lists names with what they lead to, and nothing for links that lead nowhere", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir d d/sub; touch d/f d/.hidden d/sub/deep; mkfifo d/pipe
          ln -s f d/lf; ln -s sub d/ls; ln -s ../d d/up; ln -s none d/dangling; ln -s circle d/circle; ln -s d l`)
        const expected = [".hidden", "f", "lf", "ls/", "pipe|", "sub/", "up/"]
        assert.deepStrictEqual(yield* listed(files, "d"), expected)
        assert.deepStrictEqual(yield* listed(files, "l/"), expected)
        yield* answers(files, "fs/readDirectory", [
          ["d/f", {}, NOT_A_DIRECTORY],
          ["d/pipe", {}, NOT_A_DIRECTORY],
          ["d/dangling", {}, MISSING],
          ["d/circle", {}, CIRCLE],
          ["none", {}, MISSING],
          ["\0", {}, NUL]
        ])
      })
    )
  )

  it.effect("shows names that are no UTF-8 with U+FFFD, and their kind, too", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir d "d/$(printf 'd\\377')"; touch "d/$(printf 'f\\376')"
          ln -s "$(printf 'd\\377')" "d/$(printf 'l\\375')"`)
        assert.deepStrictEqual(yield* listed(files, "d"), ["d\ufffd/", "f\ufffd", "l\ufffd/"])
      })
    )
  )

  it.effect("lists a large directory, and fs/remove removes it", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir many; cd many; seq -f f%.0f ${ENTRIES} | xargs touch`)
        assert.lengthOf((yield* files.ask("fs/readDirectory", { path: "many" })).entries, ENTRIES)
        assert.deepStrictEqual(yield* files.ask("fs/remove", { path: "many" }), {})
        assert.isFalse(fs.existsSync(files.at("many")))
      })
    )
  )
})

describe("fs/remove", () => {
  it.effect("removes files, trees, and links but not what they lead to", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir -p keep/sub d/a/b; touch keep/f keep/sub/g f d/a/b/c
          ln -s ../keep d/link; ln -s ../../keep/sub d/a/link; ln -s keep ld; ln -s keep/f lf
          ln -s none dangling; ln -s circle circle; mkfifo pipe d/a/pipe; mkdir "d/$(printf 'x\\377')"`)
        yield* answers(files, "fs/remove", [
          ["f", { recursive: false }, {}],
          ["ld/", {}, {}],
          ["lf", { recursive: false }, {}],
          ["dangling", { force: false }, {}],
          ["circle", {}, {}],
          ["pipe", {}, {}],
          ["d", {}, {}],
          ["d", {}, {}],
          ["none/x", { force: null, recursive: null }, {}]
        ])
        assert.deepStrictEqual(tree(files), [
          "keep d 755",
          "keep/f f 644",
          "keep/sub d 755",
          "keep/sub/g f 644"
        ])
      })
    )
  )

  it.effect("refuses what is missing, and full directories, when told to; and never the root", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh("mkdir -p d/e empty; touch f; ln -s circle circle")
        yield* answers(files, "fs/remove", [
          ["none", { force: false }, MISSING],
          ["none/x", { force: false }, MISSING],
          ["d", { recursive: false }, NOT_EMPTY],
          ["d", { recursive: false, force: true }, NOT_EMPTY],
          ["empty", { recursive: false }, {}],
          ["f/x", {}, NOT_A_DIRECTORY],
          ["circle/x", {}, CIRCLE],
          ["x".repeat(300), {}, TOO_LONG],
          ["a\0", {}, NUL],
          ["/", {}, BUSY],
          ["/../.", {}, BUSY]
        ])
        assert.deepStrictEqual(tree(files), ["circle l 777 circle", "d d 755", "d/e d 755", "f f 644"])
      })
    )
  )

  it.effect("removes trees whose paths are longer than the system takes", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        const name = "x".repeat(200)
        files.sh(
          `mkdir deep; cd deep; i=0; while [ $i -lt 40 ]; do mkdir ${name}; cd ${name}; i=$((i+1)); done; touch f`
        )
        assert.deepStrictEqual(yield* files.ask("fs/remove", { path: "deep" }), {})
        assert.deepStrictEqual(fs.readdirSync(files.directory), [])
      })
    )
  )
})

describe("fs/copy", () => {
  it.effect("copies a file with its mode, over what is there, and through links", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`printf source >f; chmod 751 f; printf 'a longer other' >g; chmod 600 g; ln g hard; mkdir d
          ln -s g link; ln -s made dangling; ln -s circle circle; mkfifo pipe`)
        yield* copies(files, [
          ["f", "new", {}],
          ["f", "g", {}, true],
          ["f", "link", {}, false],
          ["f", "dangling", {}],
          ["/proc/self/status", "status", {}],
          ["f", "d", A_DIRECTORY],
          ["f", "none/x", MISSING],
          ["f", "g/x", NOT_A_DIRECTORY],
          ["f", "circle", CIRCLE],
          ["none", "x", MISSING],
          ["f/x", "x", NOT_A_DIRECTORY],
          ["a\0", "x", NUL],
          ["f", "x\0", NUL],
          ["pipe", "x", UNSUPPORTED],
          ["/dev/null", "x", UNSUPPORTED],
          ["f", "/dev/null", {}],
          ["f", "/dev/full", system("No space left on device", 28)]
        ])
        assert.deepStrictEqual(
          tree(files).filter((line) => line.includes(" f ")),
          ["f f 751", "g f 751", "hard f 751", "made f 751", "new f 751", "status f 444"]
        )
        for (const name of ["g", "hard", "made", "new"]) {
          assert.strictEqual(fs.readFileSync(files.at(name), "utf8"), "source")
        }
        assert.include(fs.readFileSync(files.at("status"), "utf8"), "VmRSS")
        assert.strictEqual(files.sh("stat -c %a /dev/null /dev/full"), "666\n666\n")
      })
    )
  )

  it.effect("refuses to copy a file to itself, by whatever name (Codex empties it)", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh("printf source >f; chmod 640 f; ln f hard; ln -s f soft; mkdir d; ln -s .. d/up")
        yield* copies(files, [
          ["f", "f", ITSELF],
          ["f", "./d/../f", ITSELF],
          ["f", "hard", ITSELF],
          ["f", "soft", ITSELF],
          ["f", "d/up/f", ITSELF],
          ["soft", "f", EXISTS],
          ["soft", "soft", EXISTS],
          ["d", "d", INTO_ITSELF, true]
        ])
        assert.strictEqual(fs.readFileSync(files.at("f"), "utf8"), "source")
        files.sh("mkdir from to; printf 1 >from/a; ln from/a to/a")
        yield* copies(files, [["from", "to", ITSELF, true]])
        assert.strictEqual(fs.readFileSync(files.at("from/a"), "utf8"), "1")
      })
    )
  )

  it.effect("copies links as they are, and over nothing", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(
          "touch f; mkdir d; ln -s f lf; ln -s d ld; ln -s none dangling; ln -s circle circle; ln -s /etc abs"
        )
        yield* copies(files, [
          ["lf", "1", {}],
          ["ld/", "2", {}, true],
          ["dangling", "3", {}],
          ["circle", "4", {}],
          ["abs", "5", {}],
          ["lf", "1", EXISTS],
          ["lf", "f", EXISTS],
          ["lf", "d", EXISTS],
          ["lf", "none/x", MISSING]
        ])
        assert.deepStrictEqual(
          ["1", "2", "3", "4", "5"].map((name) => fs.readlinkSync(files.at(name))),
          ["f", "d", "none", "circle", "/etc"]
        )
      })
    )
  )

  it.effect("copies a tree when told to: files, links and directories, which join what is there", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir -p d/s; printf 1 >d/1; chmod 751 d/1; printf 2 >d/s/2; ln -s 1 d/l; ln -s none d/dangling
          mkfifo d/pipe; chmod 700 d; printf z >"d/$(printf 'x\\377')"; ln -s "$(printf 'x\\377')" d/odd`)
        yield* copies(files, [
          ["d", "made/e", NEEDS_RECURSIVE],
          ["d", "made/e", NEEDS_RECURSIVE, false],
          ["d", "made/e", {}, true]
        ])
        assert.deepStrictEqual(files.sh("cat made/e/1 made/e/s/2 made/e/odd"), "12z")
        assert.deepStrictEqual(
          tree(files, "made/e").map((line) => line.replace(/[^ -~]/g, "?")),
          ["1 f 751", "dangling l 777 none", "l l 777 1", "odd l 777 x?", "s d 755", "s/2 f 644", "x? f 644"]
        )
        files.sh(
          "rm d/l d/dangling d/odd; printf more >made/e/s/more; printf other >made/e/1; chmod 600 made/e/1"
        )
        yield* copies(files, [["d", "made/e", {}, true]])
        assert.deepStrictEqual(files.sh("cat made/e/1 made/e/s/*; stat -c %a made/e/1"), "12more751\n")
      })
    )
  )

  it.effect("refuses trees that do not fit: into themselves, over files, files over directories", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`mkdir -p d/s other; touch d/1 f; ln -s d ld; ln -s none dangling; ln -s d/s inside
          mkdir 1 2 3 4; touch 1/x 4/x; mkdir 2/x 3/x; mkdir 5 6; printf a >5/a; ln -s ../out 6/a; mkdir 7; ln -s x 7/a; mkdir 8; touch 8/a`)
        yield* copies(files, [
          ["d", "d/in", INTO_ITSELF, true],
          ["d", "d/s/a/b", INTO_ITSELF, true],
          ["d", "ld", INTO_ITSELF, true],
          ["d", "ld/x/y", INTO_ITSELF, true],
          ["d", "inside", INTO_ITSELF, true],
          ["/", "x", INTO_ITSELF, true],
          ["d", "f", EXISTS, true],
          ["d", "f/x", NOT_A_DIRECTORY, true],
          ["d", "dangling", EXISTS, true],
          ["d", "dangling/x", EXISTS, true],
          ["1", "2", A_DIRECTORY, true],
          ["3", "4", EXISTS, true],
          ["5", "6", {}, true],
          ["7", "8", EXISTS, true],
          ["d", "d/../d2", {}, true]
        ])
        assert.strictEqual(files.sh("cat out; find d d2 | sort"), "ad\nd/1\nd/s\nd2\nd2/1\nd2/s\n")
      })
    )
  )

  it.effect(
    "copies a file larger than what is read at once, and of a size that is not a multiple of it",
    () =>
      withFiles((files) =>
        Effect.gen(function* () {
          const content = Buffer.alloc(3_500_001, "0123456789abcdef\n")
          fs.writeFileSync(files.at("f"), content)
          yield* copies(files, [["f", "g", {}]])
          assert.isTrue(fs.readFileSync(files.at("g")).equals(content))
        })
      )
  )
})

describe("an ordinary user", () => {
  it.live("is refused what the system refuses", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh(`printf a >unreadable; chmod 200 unreadable; printf b >readonly; chmod 444 readonly
          mkdir unlisted unsearched readonlyDir; touch unlisted/f unsearched/f readonlyDir/f
          mkdir unsearched/d readonlyDir/s; touch readonlyDir/s/g; chmod 333 unlisted; chmod 444 unsearched; chmod 555 readonlyDir
          mkdir from; touch from/a from/z; touch from/m; chmod 000 from/m`)
        giveAway(files.directory)
        const restore = Effect.sync(() => files.sh("chmod -R u+rwx ."))
        yield* unprivileged(
          Effect.gen(function* () {
            yield* answers(files, "fs/readFile", [
              ["unreadable", {}, FORBIDDEN],
              ["unsearched/f", {}, FORBIDDEN],
              ["readonly", {}, { dataBase64: base64("b") }]
            ])
            yield* answers(files, "fs/writeFile", [
              ["readonly", { dataBase64: "" }, FORBIDDEN],
              ["readonlyDir/new", { dataBase64: "" }, FORBIDDEN],
              ["readonlyDir/f", { dataBase64: "" }, {}],
              ["unreadable", { dataBase64: "" }, {}]
            ])
            yield* answers(files, "fs/createDirectory", [
              ["readonlyDir/new", {}, FORBIDDEN],
              ["readonlyDir/new/x", {}, FORBIDDEN],
              ["readonlyDir/s", {}, {}]
            ])
            yield* answers(files, "fs/getMetadata", [["unsearched/f", {}, FORBIDDEN]])
            assert.isTrue((yield* files.ask("fs/getMetadata", { path: "unsearched" })).isDirectory)
            yield* answers(files, "fs/readDirectory", [["unlisted", {}, FORBIDDEN]])
            assert.lengthOf((yield* files.ask("fs/readDirectory", { path: "unsearched" })).entries, 2)
            yield* answers(files, "fs/remove", [
              ["readonlyDir/f", {}, FORBIDDEN],
              ["readonlyDir/none", {}, {}],
              ["readonlyDir", {}, FORBIDDEN],
              ["unlisted", {}, FORBIDDEN],
              ["unsearched", {}, FORBIDDEN],
              ["unsearched/none", {}, FORBIDDEN]
            ])
            yield* copies(files, [
              ["unreadable", "x", FORBIDDEN],
              ["from/a", "readonly", FORBIDDEN],
              ["from/a", "readonlyDir/x", FORBIDDEN],
              ["readonly", "copy", {}],
              ["readonly", "copy", FORBIDDEN],
              ["from", "to", FORBIDDEN, true],
              ["unlisted", "to", FORBIDDEN, true],
              ["unsearched", "to2", FORBIDDEN, true]
            ])
            assert.isFalse(fs.existsSync(files.at("x")), "nothing is made for a source that cannot be read")
          })
        ).pipe(Effect.ensuring(restore))
      })
    )
  )
})

describe("fs/readFile", () => {
  it.effect("reads up to its bound, and says what it is above it, without reading", () =>
    withFiles(
      ({ ask, at }) =>
        Effect.gen(function* () {
          const tooLarge = INVALID(
            "file is too large to read: limit is 200000 bytes; read parts of it with command/exec"
          )
          for (const [size, allowed] of [
            [199_999, true],
            [200_000, true],
            [200_001, false],
            [2 ** 42, false]
          ] as const) {
            fs.writeFileSync(at("f"), "")
            fs.truncateSync(at("f"), size)
            const answer = yield* ask("fs/readFile", { path: "f" })
            if (allowed) assert.strictEqual(Buffer.from(answer.dataBase64, "base64").length, size)
            else assert.deepStrictEqual(answer, tooLarge)
          }
          assert.deepStrictEqual(yield* ask("fs/readFile", { path: "/proc/kallsyms" }), tooLarge)
        }),
      { maxReadFileBytes: 200_000 }
    )
  )

  it.effect("does not wait at pipes, terminals and devices, nor does fs/writeFile at pipes", () =>
    withFiles((files) =>
      Effect.gen(function* () {
        files.sh("mkfifo pipe; ln -s pipe link; ln -s /dev/zero zero")
        yield* answers(files, "fs/readFile", [
          ["pipe", {}, NOT_A_FILE("$D/pipe")],
          ["d/../link", {}, NOT_A_FILE("$D/link")],
          ["zero", {}, NOT_A_FILE("$D/zero")],
          ["/dev/tty", {}, NOT_A_FILE("/dev/tty")],
          [".", {}, NOT_A_FILE("$D")]
        ])
        // without a reader and with one
        yield* answers(files, "fs/writeFile", [["link", { dataBase64: "" }, NOT_A_FILE("$D/link")]])
        const reader = fs.openSync(files.at("pipe"), fs.constants.O_RDWR)
        yield* answers(files, "fs/writeFile", [["link", { dataBase64: "" }, NOT_A_FILE("$D/link")]])
        files.sh("touch f")
        yield* copies(files, [["f", "pipe", NOT_A_FILE("$D/pipe")]])
        fs.closeSync(reader)
        yield* copies(files, [["f", "pipe", NOT_A_FILE("$D/pipe")]])
      })
    )
  )
})

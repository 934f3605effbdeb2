/** What commands try in order to write where the next program outside of the sandbox runs what it finds. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as World from "./World.ts"

/** A workspace of which two protected names exist and two do not, two directories below `base`. */
export const plant = (base: string): string => {
  const workspace = path.join(base, "above", "ws")
  fs.mkdirSync(path.join(workspace, ".git", "hooks"), { recursive: true })
  fs.writeFileSync(path.join(workspace, ".git", "config"), "[core]\n")
  fs.writeFileSync(path.join(workspace, ".aws"), "secret\n")
  return workspace
}

/** What must not change. */
export const snapshot = (workspace: string): string =>
  [".git", ".aws", ".codex", ".agents"]
    .map((name) => path.join(workspace, name))
    .map((file) => (fs.lstatSync(file, { throwIfNoEntry: false }) ? World.snapshot(file) : `no ${file}`))
    .join("\n")

/** The attempt that does not end by itself. */
export const BACKGROUND = "wait for the end in the background"

/** Scripts for `sh`, started in the workspace. */
export const ATTEMPTS: Readonly<Record<string, string>> = {
  "write a file": "echo x >>.git/config",
  "create a hook": "echo x >.git/hooks/pre-commit",
  "write over /proc/self/root": 'echo x >"/proc/self/root$PWD/.git/config"',
  "write over /proc/self/cwd": "echo x >/proc/self/cwd/.git/config",
  "write over a descriptor": "exec 3<.git/hooks && echo x >/proc/self/fd/3/pre-commit",
  "write by the path from above": "cd .. && echo x >ws/.git/config",
  "reopen for writing": "exec 3<.git/config && echo x >/proc/self/fd/3",
  "link a file out of it": "ln .git/config config && echo x >>config",
  "move it away": "mv .git elsewhere",
  "replace it": "mv .git elsewhere; mkdir -p .git/hooks && echo x >.git/hooks/pre-commit",
  "replace it by a link": "mkdir other && (rm -rf .git; mv .git elsewhere); ln -sfn other .git",
  "remove it": "rm -rf .git",
  chmod: "chmod 777 .git",
  touch: "touch .git/config .git",
  "write a protected file": "echo x >.aws",
  "remove a protected file": "rm -f .aws",
  "rename over a protected file": "echo x >new && mv -f new .aws </dev/null",
  "create a missing one": "mkdir -p .codex && echo x >.codex/config.toml",
  "create a directory in a missing one": "mkdir -p .agents/skills",
  "replace a missing one": "rmdir .codex; mkdir .codex && echo x >.codex/config.toml",
  "move a missing one": "mv .codex elsewhere; mkdir .codex && echo x >.codex/config.toml",
  "make a missing one a link": "mkdir other && (rmdir .codex || :); ln -sfn other .codex && test -L .codex",
  "make a missing one a file": "(rmdir .codex || :); echo x >.codex",
  "move the workspace away":
    "cd .. && mv ws elsewhere && mkdir -p ws/.git/hooks && echo x >ws/.git/hooks/pre-commit",
  "move the directory above away":
    "cd ../.. && mv above elsewhere && mkdir -p above/ws/.git/hooks && echo x >above/ws/.git/hooks/pre-commit",
  "make the workspace a link":
    'mkdir -p /tmp/escapes-$$ && cd .. && mv ws elsewhere && ln -s /tmp/escapes-$$ ws; rmdir /tmp/escapes-$$; test -L "$OLDPWD"',
  "remove the workspace": 'rm -rf "$PWD"; mkdir -p "$PWD/.git/hooks" && echo x >"$PWD/.git/hooks/pre-commit"',
  "unmount in a new namespace":
    "unshare -Urm sh -c 'umount -l .git; umount -l .codex; mkdir -p .codex; echo x >.codex/config.toml; echo x >.git/config'",
  "remount in a new namespace": "unshare -Urm sh -c 'mount -o remount,bind,rw .git; echo x >.git/config'",
  "bind the workspace elsewhere in a new namespace":
    "mkdir elsewhere && unshare -Urm sh -c 'mount --bind . elsewhere && echo x >elsewhere/.git/config'",
  [BACKGROUND]:
    "setsid sh -c 'while :; do mkdir -p .codex/hooks; echo x >.git/config; rmdir .agents; mkdir -p .agents/skills; done' >/dev/null 2>&1 & while test ! -e .codex; do :; done; until grep -q x .git/config || test -d .codex; do :; done"
}

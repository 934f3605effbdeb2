/** What is mounted in the other mount namespaces of this machine, as far as this user may look. */
import * as fs from "node:fs"

/** As proc_pid_mountinfo(5) writes a path. */
const escaped = (file: string) =>
  file.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`)

const namespaceOf = (pid: string): string | undefined => {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined // gone, or not ours
  }
}

/** Which of these files are mount points for a process in a namespace of its own. */
export const mountPoints = (files: ReadonlyArray<string>): ReadonlySet<string> => {
  const seen = new Set([namespaceOf("self"), undefined])
  const found = new Set<string>()
  for (const pid of fs.readdirSync("/proc")) {
    const namespace = /^\d+$/.test(pid) ? namespaceOf(pid) : undefined
    if (seen.has(namespace)) continue
    seen.add(namespace)
    try {
      const mounts = fs.readFileSync(`/proc/${pid}/mountinfo`, "utf8")
      for (const file of files) if (mounts.includes(` ${escaped(file)} `)) found.add(file)
    } catch {
      // gone, or not ours
    }
  }
  return found
}

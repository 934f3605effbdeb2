import * as ProgramLookup from "../../src/layers/ProgramLookup.ts"

/** Whether there is a bwrap to run what needs one; without it those tests are shown as skipped. */
export const HAS_BUBBLEWRAP = ProgramLookup.find("bwrap", process.env["PATH"] ?? "") !== undefined

/**
 * The memory that all output of processes is read into: none is taken, or given back, for each read. Its bytes are
 * lent to the output, synchronously, and change with the next read of whatever process.
 */
import { MAX_CHUNK_BYTES } from "../services/OutputBuffer.ts"

export const readBuffer = Buffer.allocUnsafeSlow(MAX_CHUNK_BYTES)

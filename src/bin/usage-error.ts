/** The command, or the file that says what it is to do, was given wrongly. */
export class UsageError extends Error {}

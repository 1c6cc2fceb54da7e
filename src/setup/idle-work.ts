/** What is found to be worth doing before there is a server, and is to be done in it, once, when nobody waits. */
export const idleWork: (() => void)[] = [];

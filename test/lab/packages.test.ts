import { rootIsMounted } from "./packages";

const line = (target: string) => `36 35 98:0 / ${target} rw,noatime master:1 - ext4 /dev/root rw\n`;

test("a machine's root is a mount point", () => {
  expect(rootIsMounted(line("/proc") + line("/"))).toBe(true);
});

test("that of a chroot into a plain folder is not, whatever is mounted in it", () => {
  expect(rootIsMounted(line("/proc") + line("/dev"))).toBe(false);
});

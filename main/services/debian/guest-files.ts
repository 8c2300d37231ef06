/** What makes a system of a kernel and busybox: the scripts and tables of a small Debian. */

/** What the kernel starts: drivers, then the disk, on which the system is put at the first start. */
export const INIT = String.raw`#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module.ko"; done </modules/order
tries=0
until [ -b /dev/sda ] || [ $tries = 50 ]; do
    usleep 100000
    tries=$((tries + 1))
done
if [ -b /dev/sda ] && mount -t ext4 -o noatime /dev/sda /disk; then
    # Written last: a first start that was cut off begins again.
    if ! [ -e /disk/etc/debian_version ]; then
        echo 'The system is put on its disk...'
        cp -a /system/. /bin /disk/
        sync
        cp -a /release /disk/etc/debian_version
        sync
    fi
    mount --move /dev /disk/dev
    exec switch_root /disk /bin/init
fi
echo 'There is no disk that can be used: what is written stays in memory.'
cp -a /system/. /
exec /bin/init
`;

/** Files of the system, by their paths. Programs begin with #!. */
export const SYSTEM_FILES: Readonly<Record<string, string>> = {
  'etc/inittab': `::sysinit:/etc/init.d/rcS
tty1::respawn:-/bin/sh
ttyS0::respawn:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/umount -a -r
`,
  'etc/init.d/rcS': `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
hostname -F /etc/hostname
acpid -l /dev/null
`,
  // Where busybox's acpid looks when the power button is pressed.
  'etc/acpi/PWRF/00000080': `#!/bin/sh
poweroff
`,
  'etc/passwd': 'root::0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/hostname': 'debian\n',
  'etc/profile': String.raw`export PATH=/bin HOME=/root PS1='root@\h:\w# '
cd
cat /etc/motd
`,
  'etc/motd': `
Debian's kernel and busybox, a small system on a disk that keeps what you write.
"busybox --list" names its programs, "poweroff" switches it off.

`,
};

export const SYSTEM_FOLDERS: readonly string[] = [
  ...['dev', 'proc', 'sys', 'tmp', 'mnt', 'root', 'etc', 'etc/init.d', 'etc/acpi', 'etc/acpi/PWRF'],
];

/** What Debian's kernel needs beyond itself for the parts of a machine. */
export const MODULES: readonly string[] = [
  ...['ata_piix', 'sd_mod', 'sr_mod', 'crc32c_generic', 'ext4', 'vfat', 'nls_cp437', 'nls_ascii', 'isofs', 'floppy'],
  ...['button', 'evdev', 'virtio_pci', 'virtio_balloon', 'virtio_rng'],
];

#!/bin/sh
# Builds for another kind of machine and runs the unit and conformance tests there: i386 (32 bits, run by
# this processor) and s390x (big-endian, under an emulator). PostgreSQL and ISA-L are left out: this is
# the core-only build as well. Ends with 77 (skipped) where compiler, emulator or libraries are missing; Debian's packages are
# gcc-i686-linux-gnu; gcc-s390x-linux-gnu and qemu-user-static. sysroot.sh fetches the libraries.
#
#     sh tests/machines/run.sh ARCHITECTURE [FOLDER [all]]
#
# FOLDER is build-ARCHITECTURE by default. On an emulator the slowest tests are left out, unless `all` is said.
set -eu
cd "$(dirname "$0")/../.."
architecture=$1
folder=${2:-build-$architecture}
which=${3:-}
slow="sqlite_record sqlite_index sqlite_pages sqlite_index_tree arrow_ipc arrow_ipc_texts arrow_stream csv_split
    csv_jobs io_units io_units_portable io_inflate api_memory load scan synth_dataset coerce_scalar sink_format pgcopy
    event_assembly event_sorter"

case $architecture in
i386)
    triple=i686-linux-gnu multiarch=i386-linux-gnu family=x86 cpu=i686 endian=little
    # x87 registers would keep more digits of a double than other machines do.
    flags="'-msse2', '-mfpmath=sse', "
    emulators=
    ;;
s390x)
    triple=s390x-linux-gnu multiarch=s390x-linux-gnu family=s390x cpu=s390x endian=big flags=
    emulators="qemu-s390x-static qemu-s390x"
    ;;
*)
    echo "i386 and s390x are known, $architecture is not" >&2
    exit 2
    ;;
esac

command -v "$triple-gcc" >/dev/null || {
    echo "skipped: no $triple-gcc"
    exit 77
}
emulator=
for name in $emulators; do
    ! command -v "$name" >/dev/null || emulator=$name
done
if [ -n "$emulators" ] && [ -z "$emulator" ]; then
    echo "skipped: no emulator of $architecture (package qemu-user-static)"
    exit 77
fi
sh tests/machines/sysroot.sh "$architecture" "$folder/sysroot" || exit

# The loader and the C library come with the compiler's packages, the rest from the sysroot.
root=$(cd "$folder/sysroot" && pwd)
libraries=$root/usr/lib/$multiarch
loader=$("$triple-gcc" -print-file-name=libc.so.6)
loader=$(dirname "$loader")
case $architecture in
i386) needs_wrapper=false link="'-Wl,--dynamic-linker=$loader/ld-linux.so.2', '-Wl,-rpath,$libraries:$loader'," ;;
*) needs_wrapper=true link="'-Wl,-rpath,$libraries'," ;;
esac
cat >"$folder/machine.txt" <<END
[binaries]
c = '$triple-gcc'
ar = '$triple-gcc-ar'
strip = '$triple-strip'
pkgconfig = 'pkg-config'
$([ -z "$emulator" ] || echo "exe_wrapper = ['$emulator', '-L', '$(dirname "$loader")']")

[built-in options]
c_args = [$flags'-I$root/usr/include']
c_link_args = ['-L$libraries', '-Wl,-rpath-link,$libraries', $link]
pkg_config_path = ''

[properties]
needs_exe_wrapper = $needs_wrapper
pkg_config_libdir = ['$libraries/pkgconfig', '$root/usr/share/pkgconfig', '$root/usr/lib/pkgconfig']
sys_root = '$root'

[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$cpu'
endian = '$endian'
END

. tests/support/setup.sh
find_meson
if [ ! -f "$folder/build.ninja" ]; then
    quietly "$meson" setup "$folder" --cross-file "$folder/machine.txt" -Dtests=enabled \
        -Disal=disabled -Dpostgres=disabled -Dzlib=enabled -Dzstd=enabled -Dsqlite=enabled
fi
# What may hurt on such a machine, sizes that do not fit, is an error in the library; tests may be careless.
log=$folder/compiler.txt
ninja -C "$folder" >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    exit 1
}
if grep -E '^\.\./(libmimic|include)/.*(warning|error):' "$log"; then
    exit 1
fi
names=
if [ -n "$emulator" ] && [ "$which" != all ]; then
    for name in $("$meson" test -C "$folder" --list --suite unit --suite conformance 2>/dev/null |
        sed -n 's|^.* / ||p'); do
        case " $(echo $slow) " in
        *" $name "*) ;;
        *) names="$names $name" ;;
        esac
    done
fi
# Word splitting is meant: one argument a test.
exec "$meson" test -C "$folder" --no-rebuild --print-errorlogs --timeout-multiplier 20 \
    --suite unit --suite conformance $names

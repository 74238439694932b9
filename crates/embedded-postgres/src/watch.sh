# Becomes PostgreSQL, and leaves a watcher behind that stops it once its owner is gone.
#
# $1   the signal that stops the server
# $2   a folder to remove once the server has ended, or nothing
# $3…  the server and its arguments
#
# Standard input is a pipe that the owner alone can write to. A line on it means that the server has
# ended and was reaped: there is nothing left to do. Its end means that the owner died.
#
# The watcher is nobody's child, because PostgreSQL takes every child of its own for one of its workers.
# It knows the server by $$: the shell turns into the server and keeps its process id.
exec 3<&0 </dev/null
( (
    read -r _ <&3 && exit
    # Once more each time: the first may come before the server heeds signals.
    tries=3000
    while [ $tries -gt 0 ] && kill -s "$1" $$; do
        sleep 0.1
        tries=$((tries - 1))
    done
    [ -z "$2" ] || rm -rf -- "$2"
) >/dev/null 2>&1 & )
shift 2
exec "$@" 3<&-

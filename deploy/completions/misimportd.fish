# The program itself tells what may come next. misimport is the same on a server.
function __misimportd_complete
    set -lx COMP_LINE (commandline -cp)
    /usr/bin/misimportd
end
complete -f -c misimportd -a '(__misimportd_complete)'
complete -f -c misimport -a '(__misimportd_complete)'

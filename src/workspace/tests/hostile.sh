# Makes the repository in the working directory name programs in every way that git knows. Each one
# notes in ran/ that it was run, with what it was given, and does $more.
more=${more:-}
mkdir -p ran bin
here=$(pwd)
echo ran/ >>.git/info/exclude
echo bin/ >>.git/info/exclude
program() {
    printf '#!/bin/sh\nenv >"%s/ran/%s"\n%s\ncat\nexit 0\n' "$here" "$1" "$more" >bin/"$1"
    chmod +x bin/"$1"
    echo "$here/bin/$1"
}
git config core.fsmonitor "$(program fsmonitor)"
git config filter.x.clean "$(program clean)"
git config filter.x.smudge "$(program smudge)"
git config filter.x.required true
git config filter.y.process "$(program process)"
git config 'filter.with=sign.and.dots.clean' "$(program clean-odd)"
git config diff.d.textconv "$(program textconv)"
git config diff.d.command "$(program diff-command)"
git config diff.external "$(program diff-external)"
git config core.sshCommand "$(program ssh)"
git config core.gitProxy "$(program proxy)"
git config core.askPass "$(program askpass)"
git config core.pager "$(program pager)"
git config pager.status true
git config core.editor "$(program editor)"
git config core.alternateRefsCommand "$(program refs)"
git config gpg.program "$(program gpg)"
git config credential.helper "!$(program credential)"
for verb in config status ls-files ls-tree diff-tree; do
    git config "alias.$verb" "!$(program "alias-$verb")"
done
mkdir -p bin/hooks
for hook in post-index-change reference-transaction post-checkout pre-commit fsmonitor-watchman; do
    cp "$(program "hook-$hook")" "bin/hooks/$hook"
    cp "bin/hooks/$hook" "$(git rev-parse --git-dir)/hooks/$hook"
done
git config core.hooksPath "$here/bin/hooks"
git config status.submoduleSummary true
git config protocol.allow always
git config protocol.ext.allow always
git config remote.origin.url "ext::$(program remote)"
git config remote.origin.promisor true
git config remote.origin.uploadpack "$(program upload)"
printf '[filter "z"]\n\tclean = %s\n' "$(program included)" >bin/more
git config include.path "$here/bin/more"
printf '* filter=x diff=d\nsub/* filter=y\n' >.gitattributes
printf 'dirty filter=z\n.gitattributes filter=with=sign.and.dots\n' >.git/info/attributes
git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c filter.x.clean= -c filter.x.required=false \
    -c filter.y.process= -c include.path=/dev/null add -N .gitattributes dirty || true
find ran -type f -exec rm -f {} +

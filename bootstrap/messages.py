"""What run.py says, in Korean and English.

Read by whatever Python starts run.py, however old: no syntax here is newer than 3.6.
"""

import locale
import os
import sys

TEXTS = {
    "too_old": {
        "en": "Bokgi needs Python {low} to {high}; this is {found}, and no other fitting Python was found.\n"
        "Install one (Debian, Ubuntu: apt install python3; macOS and Windows: the installer of python.org), "
        "or install uv, which brings its own.",
        "ko": "Bokgi에는 Python {low}부터 {high}까지의 버전이 필요합니다. "
        "지금 버전은 {found}이며, 맞는 다른 Python을 찾지 못했습니다.\n"
        "Python을 설치하거나(Debian, Ubuntu: apt install python3, macOS와 Windows: python.org의 설치 프로그램), "
        "Python을 함께 받아 주는 uv를 설치합니다.",
    },
    "other_python": {
        "en": "This is Python {found}; going on with {path}.",
        "ko": "지금 Python은 {found}입니다. {path}(으)로 계속합니다.",
    },
    "fetch_python": {
        "en": "No fitting Python is installed; uv fetches Python {version}.",
        "ko": "맞는 Python이 없어 uv로 Python {version}을 받습니다.",
    },
    "no_venv": {
        "en": "This Python lacks the module that makes environments. Install the package {package} "
        "(apt install {package}) or uv, and run the command again.",
        "ko": "이 Python에는 가상 환경을 만드는 모듈이 없습니다. "
        "{package} 패키지(apt install {package})나 uv를 설치한 뒤 같은 명령을 다시 실행합니다.",
    },
    "making_environment": {
        "en": "Making the environment {path} with Python {version}",
        "ko": "가상 환경을 만듭니다: {path}, Python {version}",
    },
    "half_done": {
        "en": "The last set-up was interrupted; making the environment anew.",
        "ko": "지난 설치가 중간에 끝났습니다. 가상 환경을 새로 만듭니다.",
    },
    "installing": {
        "en": "Installing the packages of {lock} with {installer}",
        "ko": "{lock}에 적힌 패키지를 설치합니다({installer})",
    },
    "own_package": {"en": "Installing Bokgi itself", "ko": "Bokgi를 설치합니다"},
    "uv_failed": {
        "en": "uv could not install the packages; trying pip.",
        "ko": "uv로 설치하지 못했습니다. pip으로 다시 시도합니다.",
    },
    "ready": {"en": "Ready after {seconds:.0f} s.", "ko": "준비를 마쳤습니다({seconds:.0f}초)."},
    "no_network": {
        "en": "The packages could not be fetched: no connection to the package index.\n"
        "Check the network and the proxy (HTTPS_PROXY), then run the command again.",
        "ko": "패키지를 받지 못했습니다. 패키지 저장소에 연결할 수 없습니다.\n"
        "네트워크와 프록시(HTTPS_PROXY)를 확인한 뒤 같은 명령을 다시 실행합니다.",
    },
    "disk_full": {
        "en": "The disk is full: {free} free at {path}, about {needed} needed. Make room and run the command again.",
        "ko": "디스크 공간이 모자랍니다. {path}에 {free}만 남아 있고 약 {needed}가 필요합니다. "
        "공간을 비운 뒤 다시 실행합니다.",
    },
    "no_permission": {
        "en": "Something may not be written under {path}. Check who owns the folder, then run the command again.",
        "ko": "{path} 아래에 쓸 권한이 없습니다. 폴더의 소유자를 확인한 뒤 다시 실행합니다.",
    },
    "wrong_hash": {
        "en": "A fetched package differs from the one the lock names, so it was not installed.\n"
        "A proxy may have changed it, or the download broke off. Run the command again; if it stays, report it.",
        "ko": "받은 패키지가 잠금 파일에 적힌 것과 달라 설치하지 않았습니다.\n"
        "프록시가 내용을 바꾸었거나 내려받기가 끊겼을 수 있습니다. 다시 실행해도 같으면 알려 주십시오.",
    },
    "no_package": {
        "en": "The package index has no build of a locked package for this Python and system.\n"
        "Try another Python ({low} to {high}), or look whether your index mirrors everything.",
        "ko": "이 Python과 운영 체제에 맞는 패키지가 저장소에 없습니다.\n"
        "다른 Python({low}~{high})으로 시도하거나, 쓰고 있는 저장소가 모든 패키지를 담고 있는지 확인합니다.",
    },
    "install_failed": {
        "en": "Setting up failed (exit code {code}). The last lines were:",
        "ko": "설치에 실패했습니다(종료 코드 {code}). 마지막 출력은 다음과 같습니다.",
    },
    "interrupted": {
        "en": "Stopped. Run the command again at any time; a half-made environment is made anew.",
        "ko": "중단했습니다. 언제든 같은 명령을 다시 실행할 수 있으며, 덜 만들어진 환경은 새로 만듭니다.",
    },
    "unknown_command": {
        "en": "There is no command {name}. There are: {names}.",
        "ko": "{name} 명령은 없습니다. 쓸 수 있는 명령: {names}.",
    },
    "unknown_check": {
        "en": "There is no check {names}. There are: {checks}.",
        "ko": "{names} 검사는 없습니다. 쓸 수 있는 검사: {checks}.",
    },
    "step": {"en": "check {position}/{total}: {name}", "ko": "검사 {position}/{total}: {name}"},
    "step_failed": {"en": "failed: {names}", "ko": "실패: {names}"},
    "all_passed": {"en": "All {total} checks passed.", "ko": "검사 {total}개를 모두 통과했습니다."},
    "help": {
        "en": "python3 run.py               set up, make the sample company and open it in the browser\n"
        "                             (--port PORT, --no-browser; Ctrl-C ends it)\n"
        "python3 run.py sample        only make the sample company and show this week's review\n"
        "python3 run.py test [ARGS]   run the tests (ARGS go to pytest)\n"
        "python3 run.py check         everything that must hold before a change lands\n"
        "python3 run.py bench [ARGS]  the benchmarks\n"
        "python3 run.py study [ARGS]  the long study of the statistics\n"
        "python3 run.py bokgi ARGS    the bokgi command, for instance: python3 run.py bokgi --help\n"
        "python3 run.py lock          renew the locks (for developers; needs uv)\n"
        "python3 run.py help          this text",
        "ko": "python3 run.py               설치하고 예제 회사를 만들어 브라우저로 엽니다\n"
        "                             (--port 포트, --no-browser, 끝내려면 Ctrl-C)\n"
        "python3 run.py sample        예제 회사만 만들어 이번 주 리뷰를 보여 줍니다\n"
        "python3 run.py test [ARGS]   테스트를 실행합니다(ARGS는 pytest로 넘깁니다)\n"
        "python3 run.py check         변경을 합치기 전에 지켜야 할 모든 검사를 실행합니다\n"
        "python3 run.py bench [ARGS]  성능을 잽니다\n"
        "python3 run.py study [ARGS]  통계 방법을 오래 검증합니다\n"
        "python3 run.py bokgi ARGS    bokgi 명령을 실행합니다. 예: python3 run.py bokgi --help\n"
        "python3 run.py lock          잠금 파일을 새로 만듭니다(개발자용, uv 필요)\n"
        "python3 run.py help          이 안내를 보여 줍니다",
    },
    "lock_needs_uv": {"en": "Renewing the locks needs uv.", "ko": "잠금 파일을 새로 만들려면 uv가 필요합니다."},
}


def language(environ: "dict[str, str]", system: str = "") -> str:
    """Choose ko or en as the bokgi command does: BOKGI_LANG, then the locale, then what the system says, then Korean.

    `system` is the name of the locale where the variables are rarely set: "ko_KR", or "Korean_Korea.949" on Windows.
    """
    variables = [environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    wanted = [environ.get("BOKGI_LANG", ""), next((value for value in variables if value), "")]
    # Windows writes the language out.
    wanted.append({"korean": "ko", "english": "en"}.get(system.partition("_")[0].lower(), system))
    return next((name for name in (value.partition("_")[0] for value in wanted) if name in ("ko", "en")), "ko")


def spoken() -> str:
    """Return the language of the person at this machine."""
    system = locale.setlocale(locale.LC_CTYPE) if sys.platform == "win32" else ""
    return language(dict(os.environ), system)


def say(key: str, **values: object) -> str:
    """Return the text for `key` in the user's language."""
    return TEXTS[key][spoken()].format(**values)
